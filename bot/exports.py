"""`zicha export`: a paper as a file on this machine; the only way to one with its numbers unmasked, and audited."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bot.app import Foundation
from handlers.messages import Document
from handlers.papers import documents
from storage import audit, roster


class ExportError(Exception):
    """Nothing was written; the message says what to change."""


PAPERS = {"feedback-table": "feedback_table", "pledges": "pledges"}


def export(
    base: Foundation, paper: str, unit_code: str, file: Path, *, reason: str, now: Callable[[], datetime]
) -> int:
    """Writes the paper of a unit with all below it; with a `reason` its numbers are unmasked. Returns the size in
    bytes. The audit line stands before the file does."""
    with base.database.session() as session:
        unit = next((unit for unit in roster.units(session) if unit.code == unit_code), None)
        if unit is None:
            raise ExportError(f"名册里没有单位编码 {unit_code}")
        action = "export.unmasked" if reason else "export"
        audit.record(session, at=now(), actor="operator", action=action, subject=unit.code, detail=reason or paper)
    document = Document(file.name, PAPERS[paper], {"unit": str(unit.id), "as_of": now().isoformat()})
    with base.database.reading() as session:
        content = documents.make(session, base.campaign, document, unmask=base.vault if reason else None)
    try:
        with file.open("xb") as out:
            file.chmod(0o600)
            out.write(content)
    except FileExistsError as error:
        raise ExportError(f"{file} 已经存在，没有覆盖。换一个文件名") from error
    except OSError as error:
        raise ExportError(f"{file} 写不了（{error.strerror}）。换一个已有的文件夹") from error
    return len(content)
