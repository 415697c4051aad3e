"""附件1 in bulk: written page by page, it is the file the library would make, and its zip is the same every time."""

import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.papers import letter_page
from handlers.papers.letter_page import CENTER, SIZE, line, paper, spelled
from handlers.papers.pledge_letter import PledgeLetter, write_each, write_pledges
from handlers.papers.proof import Proof

FORMS: tuple[dict[str, Any], ...] = (
    {"size": SIZE, "indent": True},
    {"size": 20, "face": "黑体", "align": CENTER, "before": 6, "after": 12},
    {"size": SIZE, "left": 60, "with_next": True, "new_page": True},
)


def letters(count: int = 3) -> Iterator[PledgeLetter]:
    for n in range(count):
        yield PledgeLetter(
            annex="附件1",
            title="承诺书",
            addressee="丽水市莲都区紫金街道：",
            text="本人承诺：\n\n一、保密 & 守法；\n\n二、不<外传>。",
            closing=("承诺人：____（某某）", "日期：2022年5月18日"),
            footnote="（一式两份）",
            proof=f"签署于 2022-05-18 · {n}",
            file="紫金街道-某某",
            record=f"pledge {n}",
        )


def proof() -> Proof:
    return Proof(code="ABCD2345", as_of=datetime(2022, 5, 18, tzinfo=UTC), campaign="x", unit="3311")


@given(st.text(max_size=30), st.sampled_from(FORMS))
@settings(max_examples=60, deadline=None)
def test_a_paragraph_is_spelled_as_the_library_writes_it(said: str, form: dict[str, Any]) -> None:
    document = paper()
    line(document, said, **form)
    whole = document.part.blob.decode()
    assert f"<w:body>{spelled(said, **form)}<w:sectPr" in whole


def test_every_signer_has_two_pages_and_the_file_says_what_it_is() -> None:
    out, told = io.BytesIO(), proof()
    write_pledges(letters(), out, told)
    document = Document(io.BytesIO(out.getvalue()))
    heads = [paragraph for paragraph in document.paragraphs if paragraph.text == "附件1"]
    assert [head.paragraph_format.page_break_before for head in heads] == [False, *[True] * 5]
    assert document.core_properties.title == "承诺书"
    assert document.sections[0].footer.paragraphs[0].text == "验证码 ABCD-2345"
    custom = zipfile.ZipFile(out).read(letter_page.CUSTOM).decode()
    assert told.digest in custom
    assert all(f"pledge {n}" in custom for n in range(3))
    assert list(letter_page.texts(out)) == [paragraph.text for paragraph in document.paragraphs]


def test_the_zip_has_a_whole_letter_for_each_and_is_the_same_every_time() -> None:
    made = []
    for _ in range(2):
        out, told = io.BytesIO(), proof()
        write_each(letters, out, told)
        made.append(out.getvalue())
    assert made[0] == made[1]
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == ["紫金街道-某某.docx", "紫金街道-某某-2.docx", "紫金街道-某某-3.docx"]
        second = archive.read("紫金街道-某某-2.docx")
    assert [p.text for p in Document(io.BytesIO(second)).paragraphs].count("签署于 2022-05-18 · 1") == 2
    assert told.digest in zipfile.ZipFile(io.BytesIO(second)).read(letter_page.CUSTOM).decode()
    assert len(second) < 15_000, "no templates nobody uses: there may be 50,000 of them"


def test_a_document_that_declares_entities_is_not_read() -> None:
    evil = io.BytesIO()
    with zipfile.ZipFile(evil, "w") as archive:
        archive.writestr(letter_page.DOCUMENT, '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    with pytest.raises(letter_page.Unreadable):
        list(letter_page.texts(evil))
