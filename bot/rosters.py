"""The roster commands: a file in, a clear account out. Joins the workbook's reader, the check and the import."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from bot.foundation import Foundation
from bot.terminal import Stage
from handlers.papers.archive import Unreadable
from handlers.papers.foreign_columns import foreign
from handlers.papers.roster_book import CellError, RosterErrors, RosterFile, read_file
from handlers.papers.roster_check import Examined, examine
from handlers.papers.roster_form import write_errors, write_template
from storage import audit, roster, roster_import
from storage.roster_difference import Changes

MOST_LINES = 20
"""So many bad cells are listed; the first usually explain the rest."""


class RosterProblem(Exception):
    """The file was not imported. `lines` name the cells and what to do."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a file is to be imported."""

    dry_run: bool = False
    leavers: bool = False
    """Who is missing in the file has left."""
    unit: str = ""
    """The code of the unit whose subtree alone the file is about; empty for all the file speaks for."""
    errors: Path | None = None
    """Where all that is wrong is written: a table for .xlsx, else lines."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was changed, or would be."""

    changes: Changes
    warnings: Sequence[str]


def import_file(base: Foundation, file: Path, wish: Wish, *, at: datetime, stage: Stage) -> Done:
    """All of it or nothing. The bot goes on working meanwhile but for the moment of the change itself."""
    with base.database.reading() as session:
        known = frozenset(unit.code for unit in roster.units(session))
        below = _below(session, wish.unit)
    new = _read(file, known, wish, stage)
    opening: AbstractContextManager[Session] = base.database.reading() if wish.dry_run else base.database.session()
    with opening as session:
        found = examine(
            session,
            base.vault,
            new,
            below=below,
            leavers=wish.leavers,
            progress=lambda done, total: stage("比对", done, total),
        )
        if found.errors:
            _tell(wish.errors, found.errors, found.warnings)
            raise _problem(file, found.errors, wish)
        if not wish.dry_run:
            _carry_out(session, found, wish, at=at, stage=stage)
    _tell(wish.errors, (), found.warnings)
    return Done(found.changes(leavers=wish.leavers), [_line(cell) for cell in found.warnings])


def _below(session: Session, code: str) -> str:
    if not code:
        return ""
    unit = next((unit for unit in roster.units(session) if unit.code == code), None)
    if unit is None:
        raise RosterProblem([f"没有编码是 {code} 的单位，请核对 --unit"])
    return unit.path


def _read(file: Path, known: frozenset[str], wish: Wish, stage: Stage) -> RosterFile:
    if strange := foreign(file.read_bytes()):
        _tell(wish.errors, strange.cells, ())
        raise _problem(file, strange.cells, wish)
    try:
        with file.open("rb") as source:
            return read_file(source, known, progress=lambda row: stage("读取", row, 0))
    except RosterErrors as error:
        _tell(wish.errors, error.errors, ())
        raise _problem(file, error.errors, wish) from error
    except Unreadable as error:
        raise RosterProblem([f"{file.name} 没有导入：{error}"]) from error


def _carry_out(session: Session, found: Examined, wish: Wish, *, at: datetime, stage: Stage) -> None:
    stage("导入", 0, 0)
    changes = roster_import.carry_out(
        session,
        found.difference,
        at=at,
        leavers=wish.leavers,
        progress=lambda done, total: stage("导入", done, total),
    )
    counts = " ".join(f"{name}={count}" for name, count in asdict(changes).items() if count)
    audit.record(session, at=at, actor="operator", action="roster.import", subject=wish.unit, detail=counts)


# ---------------------------------------------------------------- telling


def _problem(file: Path, errors: Sequence[CellError], wish: Wish) -> RosterProblem:
    lines = [_line(cell) for cell in errors[:MOST_LINES]]
    if len(errors) > MOST_LINES:
        more = f"全部写在 {wish.errors}" if wish.errors else "加 --errors 文件名.xlsx 可以写出全部"
        lines.append(f"还有 {len(errors) - MOST_LINES} 处，{more}")
    return RosterProblem([f"{file.name} 没有导入，共 {len(errors)} 处要改：", *lines])


def _tell(file: Path | None, errors: Sequence[CellError], warnings: Sequence[CellError]) -> None:
    if file is None:
        return
    if file.suffix.lower() == ".xlsx":
        with file.open("wb") as out:
            write_errors(errors, warnings, out)
        return
    lines = [_line(cell) for cell in errors] + [f"请核对 {_line(cell)}" for cell in warnings]
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _line(cell: CellError) -> str:
    place = f"{cell.sheet} {cell.cell}".strip()  # an unreadable file has no cell
    return f"{place}：{cell.problem}" if place else cell.problem


def told(done: Done, wish: Wish) -> list[str]:
    """The account of an import, in lines."""
    changes = done.changes
    sorts = (
        ("单位新增", changes.units_added),
        ("单位更新", changes.units_changed),
        ("人员新增", changes.added),
        ("人员更新", changes.changed),
        ("人员调动", changes.moved),
        ("人员回来", changes.returned),
        ("人员离开", changes.left),
        ("人员不变", changes.unchanged),
        ("角色新给", changes.roles_given),
        ("角色收回", changes.roles_taken),
    )
    counts = "，".join(f"{name} {count}" for name, count in sorts if count)
    if changes.nothing:
        lines = [f"和名册一致，没有要改的（{counts}）。" if counts else "和名册一致，没有要改的。"]
    elif wish.dry_run:
        lines = [f"检查通过，没有写入。导入后会：{counts}。"]
    else:
        lines = [f"已导入：{counts}。"]
    if changes.kept:
        lines.append(f"文件里没有的 {changes.kept} 人保留不动；已离开的用 --leavers leave 标记。")
    shown = [f"请核对 {line}" for line in done.warnings[:MOST_LINES]]
    if len(done.warnings) > MOST_LINES:
        more = f"全部写在 {wish.errors}" if wish.errors else "加 --errors 文件名.xlsx 可以写出全部"
        shown.append(f"还有 {len(done.warnings) - MOST_LINES} 处请核对，{more}")
    return lines + shown


def write_template_file(file: Path) -> None:
    """Raises `FileExistsError` rather than writing over somebody's roster."""
    with file.open("xb") as out:
        write_template(out)
