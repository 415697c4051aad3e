"""Checking a paper by its code: what it was, whether the records still say the same, whether a file says what they say.

Makes the paper again, as of the moment it was of, and compares. Must not know who asks nor how the answer is worded.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import BinaryIO

from sqlmodel import Session

from handlers.campaign.definition import Campaign
from handlers.messages import Document
from handlers.papers import documents, letter_page, workbook
from handlers.papers.archive import BROKEN, Limits, Unreadable
from handlers.papers.catalogue import PAPERS
from handlers.papers.proof import typed
from storage import papers
from storage.models import IssuedPaper
from storage.vault import Vault

UNMASKED = "unmasked"
"""The parameter of a paper the operator had made with its numbers shown."""
WHOLE = "整个文件"
MOST = 20
"""So many places that differ are named."""
_CUSTOM = "docProps/custom.xml"


class Records(StrEnum):
    """How the records stand to what the paper said."""

    SAME = "same"
    OTHER = "other"
    NEVER_MADE = "never_made"
    NO_CAMPAIGN = "no_campaign"
    NO_PAPER = "no_paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A file beside the paper made once more. `code` and `digest` are what the file says of itself."""

    carries: bool
    """Whether this kind of file says of itself what it is; a picture does not."""
    code: str
    digest: str
    differs: tuple[str, ...]
    """Where: cells or paragraphs, never what stands there."""
    more: int
    """So many other places differ as well."""


def find(session: Session, said: str) -> IssuedPaper | None:
    """The paper with a code as somebody typed it."""
    return papers.find(session, typed(said))


def remake(
    session: Session,
    campaigns: Sequence[Campaign],
    issued: IssuedPaper,
    vault: Vault,
    out: BinaryIO,
    progress: Callable[[int, int], None] | None = None,
) -> Records:
    """Writes the same paper of the same moment, from the records as they are; nothing where it cannot be made."""
    if issued.paper not in PAPERS:
        return Records.NO_PAPER
    if all(campaign.id != issued.campaign for campaign in campaigns):
        return Records.NO_CAMPAIGN
    params = json.loads(issued.params)
    document = Document("", issued.paper, {**params, "code": issued.code})
    request = documents.requested(
        session, campaigns, document, vault, unmasked=bool(params.get(UNMASKED)), progress=progress
    )
    digest = documents.write(request, issued.paper, out)
    if not issued.digest:
        return Records.NEVER_MADE
    return Records.SAME if digest == issued.digest else Records.OTHER


def compare(source: BinaryIO, remade: BinaryIO) -> Compared:
    """Raises `Unreadable` for a file that is none of ours."""
    remade.seek(0)
    if not zipfile.is_zipfile(remade):
        source.seek(0)
        remade.seek(0)
        same = source.read() == remade.read()
        return Compared(carries=False, code="", digest="", differs=() if same else (WHOLE,), more=0)
    theirs, ours = _Opened(source), _Opened(remade)
    said = properties(source)
    pairs = zip_longest(theirs.places(), ours.places())
    found = list(dict.fromkeys((one or other or ("", ""))[0] for one, other in pairs if one != other))
    if theirs.kind != ours.kind:
        raise Unreadable(f"这份材料是 .{ours.kind} 文件，给的却是 .{theirs.kind}")
    code, digest = said.get("zicha.code", ""), said.get("zicha.digest", "")
    differs, more = tuple(found[:MOST]), max(len(found) - MOST, 0)
    carries = ours.kind != "zip" or bool(properties(remade))
    return Compared(carries=carries, code=code, digest=digest, differs=differs, more=more)


def properties(source: BinaryIO) -> dict[str, str]:
    """The custom properties of an office file; of the first one in a zip."""
    source.seek(0)
    try:
        with zipfile.ZipFile(source) as archive:
            names = archive.namelist()
            inner = next((name for name in names if name.endswith(".docx")), "")
            if inner:
                return properties(io.BytesIO(archive.read(inner)))
            if _CUSTOM not in names:
                return {}
            xml = archive.read(_CUSTOM)
    except BROKEN as error:
        raise Unreadable("文件打不开，可能已经损坏") from error
    return workbook.custom_properties(xml)


class _Opened:
    """An office file as places with their texts."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        source.seek(0)
        try:
            with zipfile.ZipFile(source) as archive:
                parts = archive.infolist()
        except BROKEN as error:
            raise Unreadable("这不是 .xlsx、.docx 或 .zip 文件") from error
        if sum(part.file_size for part in parts) > Limits().unpacked_bytes * 10:
            raise Unreadable("文件解开后太大")
        names = {part.filename for part in parts}
        self.kind = "xlsx" if "xl/workbook.xml" in names else "docx" if "word/document.xml" in names else "zip"

    def places(self) -> Iterator[tuple[str, str]]:
        """In order: where, and what stands there."""
        self._source.seek(0)
        if self.kind == "xlsx":
            yield from self._cells()
        elif self.kind == "docx":
            yield from ((f"第{n}段", text) for n, text in enumerate(letter_page.texts(self._source), start=1))
        else:
            yield from self._files()

    def _cells(self) -> Iterator[tuple[str, str]]:
        with workbook.reading(
            self._source, Limits(unpacked_bytes=Limits().unpacked_bytes * 10, rows=1_000_000)
        ) as book:
            for sheet in book.sheet_names:
                for line in book.lines(sheet):
                    for column, text in enumerate(line.cells, start=1):
                        if text:
                            yield f"{sheet} {workbook.address(column, line.number)}", str(text)

    def _files(self) -> Iterator[tuple[str, str]]:
        with zipfile.ZipFile(self._source) as archive:
            for name in sorted(archive.namelist()):
                inner = _Opened(io.BytesIO(archive.read(name)))
                yield from ((f"{name} {place}", text) for place, text in inner.places())
