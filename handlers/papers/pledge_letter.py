"""附件1, the pledge on paper: two copies for every signer, each on its own page, ready to print and to sign.

The only importer of python-docx. Must not know who signed nor where that is kept; every word comes as an argument.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from handlers.campaign.matching import clean
from handlers.papers import MAKER
from handlers.papers.workbook import FANGSONG, HEITI, XIAOBIAOSONG

COPIES = 2
"""一式两份 (notice 附件1): one for the unit, one for the signer."""
# 22 points from line to line: the text of the notice and the lines to sign fit one page of A4
_SIZE, _LINE = 13.0, 22.0


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


def write_pledges(letters: Sequence[PledgeLetter], out: BinaryIO) -> None:
    """All letters in one file, in order, both copies of one signer together."""
    document = Document()
    document.core_properties.author = MAKER
    document.core_properties.title = letters[0].title if letters else ""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(25), Mm(20)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    first = True
    for letter in letters:
        for _ in range(COPIES):
            if not first:
                document.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE)
            _write(document, letter)
            first = False
    document.save(out)


def _write(document: Any, letter: PledgeLetter) -> None:
    _line(document, letter.annex, face=HEITI, size=_SIZE)
    _line(document, letter.title, face=XIAOBIAOSONG, size=20, align=WD_ALIGN_PARAGRAPH.CENTER, before=6, after=12)
    _line(document, letter.addressee, size=_SIZE)
    for paragraph in letter.text.split("\n\n"):
        _line(document, paragraph.strip(), size=_SIZE, indent=True)
    for number, line in enumerate(letter.closing):
        _line(document, line, size=_SIZE, before=18 if number == 0 else 4, left=Mm(60))
    _line(document, letter.footnote, size=11, before=16)
    _line(document, letter.proof, size=8, before=4)


def _line(
    document: Any,
    text: str,
    *,
    size: float,
    face: str = FANGSONG,
    align: Any = None,
    before: float = 0,
    after: float = 0,
    indent: bool = False,
    left: Any = None,
) -> None:
    paragraph = document.add_paragraph()
    run = paragraph.add_run(clean(text))
    run.font.name, run.font.size = face, Pt(size)
    run._element.rPr.rFonts.set(qn("w:eastAsia"), face)
    form = paragraph.paragraph_format
    form.alignment, form.left_indent = align, left
    form.space_before, form.space_after = Pt(before), Pt(after)
    form.line_spacing = Pt(max(_LINE if size >= 11 else 12, size * 1.3))
    if indent:
        form.first_line_indent = Pt(size * 2)
