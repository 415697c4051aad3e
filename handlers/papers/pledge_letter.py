"""附件1, the pledge on paper: two copies for every signer, each on its own page, ready to print and to sign.

Must not know who signed nor where that is kept; every word comes as an argument.
"""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from handlers.papers import letter_page
from handlers.papers.proof import Proof
from handlers.papers.workbook import HEITI, XIAOBIAOSONG

_TYPES = "[Content_Types].xml"
COPIES = 2
"""一式两份 (notice 附件1): one for the unit, one for the signer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeLetter:
    """One signer's letter. `text` has its paragraphs apart by empty lines; `proof` is printed small at the end."""

    annex: str
    title: str
    addressee: str
    text: str
    closing: tuple[str, ...]
    footnote: str
    proof: str
    file: str = ""
    """What its file is called where everybody has one of their own."""
    record: str = ""
    """Which record it comes from."""


def write_pledges(letters: Iterable[PledgeLetter], out: BinaryIO, proof: Proof) -> None:
    """All letters in one file, in order, both copies of one signer together; each is written as it comes."""
    title, records = "", list[str]()
    start = letter_page.frame(title, proof.footer, {})
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _part(archive, _TYPES, start.parts[_TYPES])
        with archive.open(_named(letter_page.DOCUMENT), "w") as body:
            body.write(start.before)
            for letter in letters:
                _says(proof, letter)
                body.write(_copies(letter, new_page=bool(records)).encode())
                records.append(letter.record)
                title = letter.title
            end = letter_page.frame(title, proof.footer, proof.properties(), records)
            body.write(end.behind)
        for name, content in end.parts.items():
            if name != _TYPES:
                _part(archive, name, content)


def write_each(letters: Callable[[], Iterable[PledgeLetter]], out: BinaryIO, proof: Proof) -> None:
    """A zip with a file for every signer. Each carries what proves the whole, so that all are gone through twice."""
    title = ""
    for letter in letters():
        _says(proof, letter)
        title = letter.title
    around = letter_page.frame(title, proof.footer, proof.properties())
    seen: dict[str, int] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for letter in letters():
            single = io.BytesIO()
            with zipfile.ZipFile(single, "w", zipfile.ZIP_DEFLATED) as file:
                for name, content in _single(letter, around, proof):
                    _part(file, name, content)
            archive.writestr(_named(_name(letter, seen), zipfile.ZIP_STORED), single.getbuffer())


def _single(letter: PledgeLetter, around: letter_page.Frame, proof: Proof) -> Iterator[tuple[str, bytes]]:
    """The parts of the file of one signer."""
    custom = letter_page.properties_part(proof.properties(), [letter.record])
    parts: Mapping[str, bytes] = {**around.parts, letter_page.CUSTOM: custom}
    yield _TYPES, parts[_TYPES]
    yield letter_page.DOCUMENT, around.before + _copies(letter, new_page=False).encode() + around.behind
    yield from ((name, content) for name, content in parts.items() if name != _TYPES)


def _part(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(_named(name), content)


def _named(name: str, how: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    """A moment of its own would make every making another file."""
    entry = zipfile.ZipInfo(name, (2022, 1, 1, 0, 0, 0))
    entry.compress_type = how
    return entry


def _name(letter: PledgeLetter, seen: dict[str, int]) -> str:
    """Two of one name in one unit are told apart by a number."""
    seen[letter.file] = seen.get(letter.file, 0) + 1
    again = f"-{seen[letter.file]}" if seen[letter.file] > 1 else ""
    return f"{letter.file}{again}.docx"


def _says(proof: Proof, letter: PledgeLetter) -> None:
    proof.says(letter.title, letter.addressee, letter.text, *letter.closing, letter.footnote, letter.proof)


def _copies(letter: PledgeLetter, *, new_page: bool) -> str:
    """The paragraphs of all copies, each on a page of its own."""
    size, spelled = letter_page.SIZE, letter_page.spelled
    page = [
        spelled(letter.title, face=XIAOBIAOSONG, size=20, align=letter_page.CENTER, before=6, after=12),
        spelled(letter.addressee, size=size),
        *(spelled(paragraph.strip(), size=size, indent=True) for paragraph in letter.text.split("\n\n")),
        *(
            spelled(line, size=size, before=18 if number == 0 else 4, left=60)
            for number, line in enumerate(letter.closing)
        ),
        spelled(letter.footnote, size=11, before=16),
        spelled(letter.proof, size=8, before=4),
    ]
    heads = (spelled(letter.annex, face=HEITI, size=size, new_page=new_page or copy > 0) for copy in range(COPIES))
    return "".join(head + "".join(page) for head in heads)
