"""`python -m tests.bench NAME [options]`: every room of this folder that has a `run` is a measurement."""

import importlib
import sys
from pathlib import Path

from tests.bench.report import machine

_FOLDER = Path(__file__).parent
NAMES = sorted(file.stem for file in _FOLDER.glob("*.py") if "\ndef run(" in file.read_text(encoding="utf-8"))


def main(words: list[str]) -> None:
    if not words or words[0] not in NAMES:
        sys.exit(f"usage: python -m tests.bench NAME [options]; NAME is one of {', '.join(NAMES)}")
    print("machine:", ", ".join(f"{name} {value}" for name, value in machine().items()))
    importlib.import_module(f"tests.bench.{words[0]}").run(words[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
