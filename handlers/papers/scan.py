"""The scan of a stamped table, opened for the office it was handed up to.

One that shows pledges is never opened for a letter: ID numbers may stand on it.
"""

from typing import BinaryIO

from handlers.papers.request import Request
from storage import files, returns


def make_scan(request: Request, out: BinaryIO) -> None:
    """The file as it was sent. Raises `LookupError` for anything but a stamped table of this unit."""
    file = files.one(request.session, int(request.params.get("file", "0")))
    there = returns.by_number(request.session, file.return_id or 0) if file else None
    if file is None or there is None or file.purpose != files.TABLE:
        raise LookupError("no such scan of a stamped table")
    if there.unit_id != request.unit.id or there.campaign != request.campaign.id:
        raise LookupError("the scan belongs to another return")
    request.proof.says(file.digest)
    out.write(files.opened(request.vault, file))
