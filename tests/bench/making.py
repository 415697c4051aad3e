"""One paper, or the cells of one, made in a process of its own: what it takes in time and memory is printed as JSON.

Imports no more than making a paper needs, so that the peak is that of the making.
"""

import json
import pickle
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

_TOGETHER = 1_000


class Took(NamedTuple):
    """Seconds by the clock, and of the processor: the latter can be compared on a busy machine too."""

    seconds: float
    cpu: float


_NOTHING = Took(0.0, 0.0)


def _now() -> Took:
    return Took(time.perf_counter(), time.process_time())


def _since(began: Took, before: Took = _NOTHING) -> Took:
    now = _now()
    return Took(before.seconds + now.seconds - began.seconds, before.cpu + now.cpu - began.cpu)


def ours(file: str, out: str, key: str, paper: str, about: str) -> Took:
    """The paper of the whole city, from the request to the finished file."""
    from sqlmodel import select

    from bot.starting import keep_pauses_short
    from handlers.campaign import loading
    from handlers.messages import Document
    from handlers.papers import documents
    from storage.database import Database
    from storage.models import Unit
    from storage.vault import Vault

    params = json.loads(about)
    campaign, database = loading.load(params["campaign"]), Database(f"sqlite:///{file}")
    keep_pauses_short()  # as `zicha run` and `zicha export` do
    began = _now()
    with database.reading() as session, Path(out).open("wb") as made:
        top = session.exec(select(Unit.id).where(Unit.code == "3311")).one()
        document = Document(Path(out).name, paper, {**params, "unit": str(top)})
        request = documents.requested(session, (campaign,), document, Vault(bytes.fromhex(key)))
        documents.write(request, paper, made)
    return _since(began)


def theirs(cells: str, out: str) -> Took:
    """The same cells unstyled, by openpyxl's write-only mode alone, without the time it takes to fetch them."""
    import openpyxl

    took, began = _NOTHING, _now()
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for rows in fetched(Path(cells)):
        began = _now()
        for row in rows:
            sheet.append(row)
        took = _since(began, took)
    began = _now()
    book.save(out)
    return _since(began, took)


def laid_aside(made: str, cells: str) -> int:
    """Puts the cells of a finished table where `theirs` takes them from; how many rows there are."""
    import openpyxl

    book = openpyxl.load_workbook(made, read_only=True)
    count = 0
    with Path(cells).open("wb") as aside:
        for rows in _together(list(row) for row in book.worksheets[0].iter_rows(values_only=True)):
            pickle.dump(rows, aside)
            count += len(rows)
    book.close()
    return count


def fetched(cells: Path) -> Iterator[list[list[Any]]]:
    with cells.open("rb") as aside:
        while aside.peek(1):
            yield pickle.load(aside)


def _together(rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    some: list[list[Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == _TOGETHER:
            yield some
            some = []
    yield some


def main(what: str, words: Sequence[str]) -> None:
    if what == "laid_aside":
        print(json.dumps({"rows": laid_aside(*words)}))
        return
    took = ours(*words) if what == "ours" else theirs(*words)
    print(json.dumps({**took._asdict(), "MB": _peak(), "file MB": Path(words[1]).stat().st_size / 2**20}))


def _peak() -> float:
    """In MB. The kernel's other figure (`ru_maxrss`) is never below that of the process this one was started from."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
