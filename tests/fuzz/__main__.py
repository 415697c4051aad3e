"""`python -m tests.fuzz [NAME …] --seconds N`: targets for a while each; what breaks one is written beside and told."""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

OURS = ["handlers", "bot.channels.incoming", "openpyxl", "tests.fuzz.targets"]
"""Where new ways through the code count as progress."""
LONGEST = 4096
"""Bytes of one attempt; the door lets through little more."""
SLOWEST = 60
"""Seconds after which one attempt counts as a hang, on a busy machine."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="all of them when none is named")
    parser.add_argument("--seconds", type=float, default=60)
    asked = parser.parse_args()
    return (_guided if find_spec("atheris") else _blindly)(asked.names, asked.seconds)


def _guided(names: Sequence[str], seconds: float) -> int:
    """By coverage. Each target has a process of its own, for libFuzzer ends the one it runs in."""
    import atheris

    with atheris.instrument_imports(include=OURS):
        from tests.fuzz.targets import SEEDS, TARGETS
    limits = (f"-max_total_time={max(1, round(seconds))}", f"-max_len={LONGEST}", f"-timeout={SLOWEST}")
    broken = 0
    for name in names or TARGETS:
        with tempfile.TemporaryDirectory() as corpus:
            for number, seed in enumerate(SEEDS[name]):
                (Path(corpus) / str(number)).write_bytes(seed)
            print(f"{name}: guided by coverage", flush=True)
            if not (child := os.fork()):
                atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix=fuzz-{name}-", corpus], TARGETS[name])
                atheris.Fuzz()
            broken += os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0
    return 1 if broken else 0


def _blindly(names: Sequence[str], seconds: float) -> int:
    """Without atheris: what is known to be fit, cut, doubled and mixed, until the time is over."""
    from tests.fuzz.targets import SEEDS, TARGETS

    for name in names or TARGETS:
        chance, ends, tried = random.Random(time.time_ns()), time.monotonic() + seconds, 0
        while time.monotonic() < ends:
            data, tried = mixed(chance, SEEDS[name]), tried + 1
            try:
                TARGETS[name](data)
            except Exception:
                found = Path(f"fuzz-{name}-{tried}.bin")
                found.write_bytes(data)
                print(f"{name}: broken by {found}", file=sys.stderr)
                raise
        print(f"{name}: {tried} tried, nothing broke")
    return 0


def mixed(chance: random.Random, seeds: tuple[bytes, ...]) -> bytes:
    """A seed with some of it changed."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(6):
            case 0:
                data[at:at] = chance.randbytes(chance.randint(1, 8))
            case 1:
                del data[at : at + chance.randint(1, 8)]
            case 2:
                data[at:at] = data[: chance.randint(0, 40)]
            case 3:
                data[at:at] = chance.choice(ODD)
            case 4:
                data[at:at] = chance.choice(seeds)
            case _:
                data[at:at] = data[at : at + 20] * chance.randint(2, 30)
    return bytes(data[:20_000])


ODD = (
    *(b"\x00", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\xe2\x80\x8b", b"\xef\xbb\xbf", b"\xff\xfe", b"null", b"[" * 200),
    *(
        "＝１＋１".encode(),
        "①".encode(),
        "９".encode() * 40,
        b"-1",
        b"1e999",
        b"NaN",
        b"9" * 400,
        b"&#0;",
        b"<!DOCTYPE x>",
    ),
    *(b"\r\n", b"\t", b"'", b'"', b"\\u0000", b"](http://a.cn)", b"<b>", b"{", b"}", "：".encode(), "：\n：".encode()),
)

if __name__ == "__main__":
    sys.exit(main())
