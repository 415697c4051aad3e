"""Papers from the command line: masked unless somebody says why, and then it is written down."""

import io
from pathlib import Path

import docx
import pytest
from openpyxl import load_workbook
from sqlmodel import select

from bot.app import Foundation
from bot.exports import ExportError, export
from handlers.papers.workbook import writing
from storage.models import AuditLine
from tests.world import World, id_number

PHONE = "19900001234"


@pytest.fixture
def base(world: World) -> Foundation:
    """李小四 has signed, and given a telephone as the contact of one data set."""
    li, number = world.person("li"), id_number()
    row = ("1", "1", "1", "改一项", "6", f"李小四 {PHONE}", "对")
    for said in ("你好", "2", "手机 微信", "1", *row, "1", "现在签", f"李小四 {number}", "1"):
        li.says(said)
    assert "已提交" in li.says("进度")
    return Foundation((world.campaign,), world.database, world.vault, world.folder / "zicha.anchor")


def text_of(file: Path) -> str:
    if file.suffix == ".docx":
        return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(file.read_bytes())).paragraphs)
    sheet = load_workbook(file).active
    assert sheet is not None
    return "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value)  # type: ignore[union-attr]


def audited(world: World) -> list[tuple[str, str, str]]:
    with world.database.reading() as session:
        lines = session.exec(select(AuditLine).where(AuditLine.actor == "operator")).all()
        return [(line.action, line.subject, line.detail) for line in lines]


@pytest.mark.parametrize(
    ("paper", "name", "whole"), [("feedback-table", "a.xlsx", PHONE), ("pledges", "a.docx", id_number())]
)
def test_numbers_are_masked_unless_somebody_says_why(
    world: World, base: Foundation, tmp_path: Path, paper: str, name: str, whole: str
) -> None:
    masked, open_ = tmp_path / name, tmp_path / f"open-{name}"
    export(base, paper, "331102001", masked, reason="", now=lambda: world.now)
    assert "李小四" in text_of(masked)
    assert whole not in text_of(masked)
    export(base, paper, "331102001", open_, reason="上报市大数据局", now=lambda: world.now)
    assert whole in text_of(open_)
    assert open_.stat().st_mode & 0o077 == 0, "only its owner reads it"
    assert audited(world) == [
        ("export", "331102001", paper),
        ("export.unmasked", "331102001", "上报市大数据局"),
    ]


def test_a_sheet_without_room_says_how_to_go_on(
    world: World, base: Foundation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A roster stays on its sheets, for it is read again; here they end much earlier than at 1,048,576 rows."""
    monkeypatch.setattr(writing, "SHEET_ROWS", 5)
    with pytest.raises(ExportError, match=r"工作表“.*”放不下.*--unit"):
        export(base, "roster", "", tmp_path / "r.xlsx", reason="", now=lambda: world.now)
    assert not (tmp_path / "r.xlsx").exists()


def test_nothing_is_written_over_and_a_wrong_unit_is_named(world: World, base: Foundation, tmp_path: Path) -> None:
    there = tmp_path / "there.xlsx"
    there.write_bytes(b"somebody's work")
    with pytest.raises(ExportError, match="没有覆盖"):
        export(base, "feedback-table", "331102001", there, reason="", now=lambda: world.now)
    assert there.read_bytes() == b"somebody's work"
    with pytest.raises(ExportError, match="没有单位编码 nope"):
        export(base, "pledges", "nope", tmp_path / "new.docx", reason="", now=lambda: world.now)
