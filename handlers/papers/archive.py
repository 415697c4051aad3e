"""What a stranger's .xlsx has to pass before anything in it is unpacked.

Must not know what is in the sheets; the library that reads them is behind `workbook`.
"""

import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat

_TYPES = "[Content_Types].xml"
_MOST_TYPES = 1_000_000
_OLE = b"\xd0\xcf\x11\xe0"
# What the reading library and the parsers under it raise on files that are broken or made up.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,  # what both XML parsers raise: the standard library's and lxml's, which openpyxl prefers
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
)


class Unreadable(Exception):
    """The file is not taken; the message is a short Chinese sentence saying what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a stranger's file is read before it is refused."""

    unpacked_bytes: int = 60_000_000
    parts: int = 5_000
    rows: int = 200_000
    columns: int = 32


def inspect(source: BinaryIO, limits: Limits) -> None:
    """Refuse by what the archive says of itself; leaves `source` at its beginning."""
    source.seek(0)
    if source.read(4) == _OLE:
        raise Unreadable("这是旧版 .xls 或加了密码的文件，请另存为不加密码的 .xlsx 再发")
    try:
        with zipfile.ZipFile(source) as archive:
            parts = archive.infolist()
            _refuse_by_size(parts, limits)
            _refuse_programs(archive, parts)
            refuse_entities(archive, parts)
    except BROKEN as error:
        raise Unreadable("这不是 .xlsx 表格文件，请另存为 .xlsx 再发") from error
    source.seek(0)


def _refuse_by_size(parts: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(parts) > limits.parts:
        raise Unreadable("文件里的零件太多，请把内容复制到一个新的 .xlsx 文件再发")
    # zipfile never unpacks more of a part than its stated size, so the sum is a true bound.
    if sum(part.file_size for part in parts) > limits.unpacked_bytes:
        most = limits.unpacked_bytes / 1_000_000
        raise Unreadable(f"文件解开后超过 {most:g} MB，请删去无关内容或拆成几个文件")


def _refuse_programs(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    """Macros of every age, embedded objects and controls: none is run here, and none is passed on."""
    names = [part.filename.lower() for part in parts]
    types = archive.read(_TYPES)[:_MOST_TYPES].lower() if _TYPES in archive.namelist() else b""
    if b"macroenabled" in types or any("vbaproject" in name or "/macrosheets/" in name for name in names):
        raise Unreadable("文件里带有宏，请另存为不带宏的 .xlsx 再发")
    if any("/embeddings/" in name or "/activex/" in name for name in names):
        raise Unreadable("文件里嵌入了别的文件或控件，请删去后另存为 .xlsx 再发")


def refuse_entities(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    """No office program writes a document type into a part; whoever does wants the reader to swell or to fetch."""
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels", ".vml")) and _declares(archive, part):
            raise Unreadable("文件里有不该有的声明，请把内容复制到一个新的 .xlsx 文件再发")


class _Seen(Exception):
    """Enough of a part was read; the argument says whether it declares a document type."""


def _declares(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Reads no further than to the first element, in whatever encoding it is."""

    def stop(*, declares: bool) -> None:
        raise _Seen(declares)

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_: stop(declares=True)
    parser.StartElementHandler = lambda *_: stop(declares=False)
    try:
        with archive.open(part) as source:
            while chunk := source.read(4096):
                parser.Parse(chunk)
    except _Seen as seen:
        return bool(seen.args[0])
    except expat.ExpatError:
        return False  # no XML: whoever needs the part will say so
    return False
