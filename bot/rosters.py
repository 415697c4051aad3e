"""The roster commands: a file in, a clear account out. Joins the workbook's reader with the import."""

from pathlib import Path

from bot.app import Foundation
from handlers.papers.archive import Unreadable
from handlers.papers.roster_book import CellError, RosterErrors, read_roster, write_template
from storage import roster
from storage.roster import Changes

MOST_LINES = 20
"""So many bad cells are listed; the first usually explain the rest."""


class RosterProblem(Exception):
    """The file was not imported. `lines` name the cells and what to do."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def import_file(base: Foundation, file: Path) -> Changes:
    """All of it or nothing."""
    with base.database.session() as session:
        known = frozenset(unit.code for unit in roster.units(session))
        try:
            with file.open("rb") as source:
                new = read_roster(source, known)
        except RosterErrors as error:
            lines = [_line(cell) for cell in error.errors[:MOST_LINES]]
            if len(error.errors) > MOST_LINES:
                lines.append(f"还有 {len(error.errors) - MOST_LINES} 处，改好上面的再试")
            raise RosterProblem([f"{file.name} 没有导入，共 {len(error.errors)} 处要改：", *lines]) from error
        except Unreadable as error:
            raise RosterProblem([f"{file.name} 没有导入：{error}"]) from error
        return roster.import_roster(session, new, base.vault)


def _line(cell: CellError) -> str:
    place = f"{cell.sheet} {cell.cell}".strip()  # an unreadable file has no cell
    return f"{place}：{cell.problem}" if place else cell.problem


def write_template_file(file: Path) -> None:
    """Raises `FileExistsError` rather than writing over somebody's roster."""
    with file.open("xb") as out:
        write_template(out)
