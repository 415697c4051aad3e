"""What a stranger's .xlsx has to pass before anything in it is unpacked.

Must not know what is in the sheets; the library that reads them is behind `workbook`.
"""

import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO

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
    except BROKEN as error:
        raise Unreadable("这不是 .xlsx 表格文件，请另存为 .xlsx 再发") from error
    source.seek(0)
    # zipfile never unpacks more of a part than its stated size, so the sum is a true bound.
    if sum(part.file_size for part in parts) > limits.unpacked_bytes:
        most = limits.unpacked_bytes / 1_000_000
        raise Unreadable(f"文件解开后超过 {most:g} MB，请删去无关内容或拆成几个文件")
    if any(part.filename.lower().endswith("vbaproject.bin") for part in parts):
        raise Unreadable("文件里带有宏，请另存为不带宏的 .xlsx 再发")
