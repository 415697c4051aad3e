"""How many pages a scan has. Pure; nothing of the file is shown or trusted beyond that number."""

import re
import zlib
from collections.abc import Iterator

_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_STREAM = re.compile(rb"stream\r?\n")
_MOST = 4_000_000
"""So many bytes of a packed part are looked at: page numbers stand in small ones."""
_MOST_IN_ALL = 40_000_000


def pages_of(kind: str, content: bytes) -> int:
    """1 for a picture; the pages of a PDF, 0 where they cannot be told (encrypted ones)."""
    return _of_pdf(content) if kind == "pdf" else 1


def _of_pdf(content: bytes) -> int:
    plain = len(_PAGE.findall(content))
    return plain or sum(len(_PAGE.findall(part)) for part in _unpacked(content))


def _unpacked(content: bytes) -> Iterator[bytes]:
    """The packed parts that may hold pages (object streams of newer files), one at a time and not without end."""
    left = _MOST_IN_ALL
    for found in _STREAM.finditer(content):
        head = content[max(0, found.start() - 400) : found.start()]
        if b"/ObjStm" not in head:
            continue
        try:
            part = zlib.decompressobj().decompress(memoryview(content)[found.end() :], min(_MOST, left))
        except zlib.error:
            continue  # packed in another way: its pages cannot be told
        left -= len(part)
        if left <= 0:
            return
        yield part
