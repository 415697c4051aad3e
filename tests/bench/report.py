"""What every measurement prints: the machine, the figures, the ratios; and the JSON that is kept."""

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """What the figures belong to."""
    return {
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "load": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def table(rows: Sequence[Mapping[str, Any]]) -> None:
    """In columns, those of the first row; what a row does not have stays empty."""
    names = list(rows[0])
    cells = [[str(row.get(name, "")) for name in names] for row in rows]
    widths = [max(len(name), *(len(row[n]) for row in cells)) for n, name in enumerate(names)]
    for line in ([*names], *cells):
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def keep(file: str, bench: str, result: Mapping[str, Any]) -> None:
    """Writes what was measured, with the machine, to `file`; nothing where it is empty."""
    if file:
        whole = {"bench": bench, "machine": machine(), **result}
        Path(file).write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        print(f"written to {file}", file=sys.stderr)
