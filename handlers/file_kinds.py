"""What a file is, told by its first bytes and never by its name. Pure; nothing in it is unpacked.

Must not know who wants it.
"""

import io
import re
import struct
import zipfile

from handlers.papers.archive import BROKEN

XLSX, PDF, JPEG, PNG = "xlsx", "pdf", "jpeg", "png"
PICTURES = frozenset({JPEG, PNG})
OLD_OFFICE = "old office"
""".xls and .doc, and anything with a password."""
OTHER_PICTURE = "other picture"
"""HEIC, WebP, GIF, BMP, TIFF."""
OTHER = "other"

_HEADS = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLD_OFFICE),
    (b"GIF8", OTHER_PICTURE),
    (b"BM", OTHER_PICTURE),
    (b"II*\x00", OTHER_PICTURE),
    (b"MM\x00*", OTHER_PICTURE),
)
_PDF_WITHIN = 1024
"""Readers of PDF bear a little rubbish ahead of its head; some scanners write it."""
_ENDINGS = {
    "xlsx": XLSX,
    "pdf": PDF,
    "jpg": JPEG,
    "jpeg": JPEG,
    "png": PNG,
    **dict.fromkeys(("xls", "et", "doc", "wps"), OLD_OFFICE),
    **dict.fromkeys(("heic", "heif", "webp", "gif", "bmp", "tif", "tiff"), OTHER_PICTURE),
    **dict.fromkeys(("docx", "pptx", "ppt", "txt", "csv", "xlsm", "ofd", "zip", "rar", "7z", "mp4", "mov"), OTHER),
}


def kind_of(content: bytes) -> str:
    head = content[:16]
    if found := next((kind for start, kind in _HEADS if head.startswith(start)), ""):
        return found
    if head[4:8] == b"ftyp" or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return OTHER_PICTURE
    if b"%PDF-" in content[:_PDF_WITHIN]:
        return PDF
    return XLSX if head.startswith(b"PK") and _holds_sheets(content) else OTHER


def expected(name: str) -> str:
    """What a file says it is by its name, empty where that tells nothing: then its content has to be seen."""
    _, dot, ending = name.strip().rpartition(".")
    return _ENDINGS.get(ending.casefold(), "") if dot else ""


def _holds_sheets(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except BROKEN:
        return False
    return "[Content_Types].xml" in names and any(name.startswith("xl/") for name in names)


# ---------------------------------------------------------------- what must not be passed on

TOO_MANY_PIXELS, TWO_THINGS = "too many pixels", "two things"
_MOST_PIXELS, _MOST_EDGE = 120_000_000, 30_000
"""The best phones make pictures of 108 million."""
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_MARKUP = re.compile(rb"<(?:html|script|svg|!doctype|\?php)", re.IGNORECASE)


def trouble(content: bytes) -> str:
    """What is wrong with a scan, empty where nothing is: pictures that would burst whoever opens them, and files that
    are something else besides."""
    width, height = _size(content)
    if width * height > _MOST_PIXELS or max(width, height) > _MOST_EDGE:
        return TOO_MANY_PIXELS
    head = content[:_PDF_WITHIN]
    beginning = head[: head.find(b"%PDF-")] if kind_of(content) == PDF else b""
    if _MARKUP.search(beginning) or zipfile.is_zipfile(io.BytesIO(content)):
        return TWO_THINGS
    return ""


def _size(content: bytes) -> tuple[int, int]:
    """Width and height a picture says it has; 0 where it does not."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        return struct.unpack(">II", content[16:24])
    if not content.startswith(b"\xff\xd8"):
        return 0, 0
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if marker in _FRAMES:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + max(length, 2)
    return 0, 0
