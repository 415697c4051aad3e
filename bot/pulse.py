"""The pulse of a running bot: a small file in the data folder that says it is alive, for `zicha status` and after a
crash. Nothing of anybody stands in it."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

NAME = "zicha.pulse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    at: datetime
    started_at: datetime
    pid: int
    connections: int
    """Stream connections that deliver; -1 where the bot hears no stream."""
    wanted: int
    opened: int
    """Connections opened since the start."""
    waiting: int
    """Messages waiting for their turn."""


def write(file: Path, pulse: Pulse) -> None:
    draft = file.with_name(f"{file.name}.{pulse.pid}")  # several processes may share the folder
    draft.write_text(json.dumps(asdict(pulse), default=datetime.isoformat))
    draft.replace(file)


def read(file: Path) -> Pulse | None:
    """The last pulse; None where there never was one, or it cannot be read."""
    try:
        said = json.loads(file.read_text())
        return Pulse(**{name: _value(name, value) for name, value in said.items()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _value(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name in ("at", "started_at") else value
