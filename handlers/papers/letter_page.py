"""A page of an official letter as docx: A4, the faces of GB/T 9704, its code at the foot and in the file's properties.

The only importer of python-docx, which holds a document whole and looks through it for every paragraph: what has many
pages takes its paragraphs as text (`spelled`) and the file around them (`frame`). Must not know what the letter is
about; every word comes as an argument.
"""

import io
import itertools
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO
from xml.etree.ElementTree import iterparse
from xml.sax.saxutils import escape, quoteattr

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from handlers.campaign.matching import clean
from handlers.papers import MAKER
from handlers.papers.archive import BROKEN, Unreadable, refuse_entities
from handlers.papers.workbook import FANGSONG

CENTER, RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT
SIZE, _LINE = 13.0, 22.0
"""22 points from line to line: the text of the notice and the lines to sign fit one page of A4."""
CUSTOM = "docProps/custom.xml"
_STYLES = {"Normal", "Default Paragraph Font", "Normal Table", "No List", "Header", "Footer", "Table Grid"}
_UNUSED = {"stylesWithEffects", "thumbnail", "customXml", "numbering"}
_BODY, _END = "<w:body>", "<w:sectPr"
_MARK = "MARK"
_WORDS = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SAID = {f"{_WORDS}t": None, f"{_WORDS}tab": "\t", f"{_WORDS}br": "\n"}
_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006"


def paper() -> Any:
    document = Document()
    document.core_properties.author = MAKER
    _lighten(document)
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(25), Mm(20)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(9)
    return document


def _lighten(document: Any) -> None:
    """Drops what no letter uses of the library's template, nineteen parts of twenty: a file for every signer of a city
    would be two gigabytes."""
    for style in list(document.styles):
        if style.name not in _STYLES:
            style.element.getparent().remove(style.element)
    for part in (document.part, document.part.package):
        for rel in list(part.rels.values()):
            if rel.reltype.rsplit("/", 1)[1] in _UNUSED:
                del part.rels[rel.rId]


def finish(document: Any, footer: str, properties: Mapping[str, str], records: Iterable[str] = ()) -> None:
    """The footer at the foot of every page, the proof and the records behind it in the file's own properties."""
    foot = document.sections[0].footer.paragraphs[0]
    _words(foot, footer, face=FANGSONG, size=9)
    foot.alignment = RIGHT
    package = document.part.package
    kind = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
    package.relate_to(
        Part(PackURI(f"/{CUSTOM}"), kind, properties_part(properties, records), package),
        f"{_PROPERTIES}/relationships/custom-properties",
    )


def properties_part(properties: Mapping[str, str], records: Iterable[str]) -> bytes:
    """The part of a file that holds its own properties: the proof, and the records behind it."""
    numbered = {f"zicha.source.{n:04}": record for n, record in enumerate(filter(None, records), start=1)}
    fields = "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{pid}" name={quoteattr(name)}>'
        f"<vt:lpwstr>{escape(text)}</vt:lpwstr></property>"
        for pid, (name, text) in enumerate(itertools.chain(properties.items(), numbered.items()), start=2)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<Properties xmlns="{_PROPERTIES}/custom-properties" xmlns:vt="{_PROPERTIES}/docPropsVTypes">'
        f"{fields}</Properties>"
    ).encode()


def line(
    document: Any,
    text: str,
    *,
    size: float,
    face: str = FANGSONG,
    align: Any = None,
    before: float = 0,
    after: float = 0,
    indent: bool = False,
    left: float = 0,
    with_next: bool = False,
    new_page: bool | None = None,
) -> Any:
    """`new_page` begins one, or says that it does not."""
    paragraph = document.add_paragraph()
    _words(paragraph, text, face=face, size=size)
    form = paragraph.paragraph_format
    form.alignment, form.left_indent = align, Mm(left) if left else None
    form.keep_with_next, form.page_break_before = with_next, new_page
    form.space_before, form.space_after = Pt(before), Pt(after)
    form.line_spacing = Pt(max(_LINE if size >= 11 else 12, size * 1.3))
    if indent:
        form.first_line_indent = Pt(size * 2)
    return paragraph


def _words(paragraph: Any, text: str, *, face: str, size: float) -> None:
    run = paragraph.add_run(clean(text))
    run.font.name, run.font.size = face, Pt(size)
    form = run._element.get_or_add_rPr()
    form.get_or_add_rFonts().set(qn("w:eastAsia"), face)
    # Without its language Chinese punctuation is set in the middle of its square, as in Taipei.
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "zh-CN")
    language.set(qn("w:eastAsia"), "zh-CN")
    form.append(language)


@lru_cache(maxsize=1024)
def spelled(text: str, **form: Any) -> str:
    """The paragraph that `line` makes of a text in this form, as it stands in the file."""
    said = clean(text)
    if not said or said.strip() != said or not said.isprintable():
        return _between(text, form)  # blanks at its ends and line breaks have elements of their own
    before, after = _form(**form)
    return f"{before}{escape(said)}{after}"


@lru_cache(maxsize=64)
def _form(**form: Any) -> tuple[str, str]:
    before, _, after = _between(_MARK, form).partition(_MARK)
    return before, after


def _between(text: str, form: Mapping[str, Any]) -> str:
    document = paper()
    line(document, text, **form)
    return str(document.part.blob.decode()).partition(_BODY)[2].partition(_END)[0]


@dataclass(frozen=True, slots=True)
class Frame:
    """A file without its paragraphs: what stands before and behind them in their part, and the other parts."""

    before: bytes
    behind: bytes
    parts: Mapping[str, bytes]


DOCUMENT = "word/document.xml"
"""The part that holds the paragraphs."""


def frame(title: str, footer: str, properties: Mapping[str, str], records: Iterable[str] = ()) -> Frame:
    document = paper()
    document.core_properties.title = title
    finish(document, footer, properties, records)
    whole = io.BytesIO()
    document.save(whole)
    with zipfile.ZipFile(whole) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    before, body, behind = parts.pop(DOCUMENT).partition(_BODY.encode())
    return Frame(before + body, behind, parts)


def texts(source: BinaryIO) -> Iterator[str]:
    """The paragraphs of a file, for comparing it with another."""
    try:
        with zipfile.ZipFile(source) as archive, archive.open(DOCUMENT) as document:
            refuse_entities(archive, [archive.getinfo(DOCUMENT)])
            body = None
            for event, node in iterparse(document, ("start", "end")):  # noqa: S314 (entities are refused)
                if node.tag == f"{_WORDS}body":
                    body = node
                if event == "end" and node.tag == f"{_WORDS}p":
                    yield "".join(_SAID[part.tag] or part.text or "" for part in node.iter() if part.tag in _SAID)
                    if body is not None:
                        body.clear()
    except BROKEN as error:
        raise Unreadable("文件打不开，可能已经损坏") from error


def grid(document: Any, widths: Sequence[float], rows: Sequence[Sequence[str]], *, size: float = 10.5) -> None:
    """A table with lines; `widths` in millimetres, the first row is its head and is repeated on every page."""
    table = document.add_table(rows=0, cols=len(widths), style="Table Grid")
    table.alignment, table.autofit = 1, False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    for place, row in enumerate(rows):
        cells = table.add_row().cells
        for cell, width, said in zip(cells, widths, row, strict=True):
            cell.width = Mm(width)
            cell.paragraphs[0].paragraph_format.line_spacing = Pt(size * 1.4)
            if place == 0 or said.isdigit():
                cell.paragraphs[0].alignment = CENTER
            _words(cell.paragraphs[0], said, face=FANGSONG, size=size)
    if rows:
        properties = table.rows[0]._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:tblHeader"))
