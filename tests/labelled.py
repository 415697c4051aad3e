"""Labelled sentences for the leak guard: read from a table, with every number invented on the spot.

`{id18}` and the like stand in the tables instead of numbers, so that no number of anybody is in the repository.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from handlers.leak_guard import look
from tests.world import id_number

FOLDER = Path(__file__).parent / "leak_guard"
_FIELD = {
    "id": "id_numbers",
    "phones": "phones",
    "passport": "passports",
    "card": "cards",
    "password": "passwords",
    "marking": "markings",
    "persons": "persons",
}
_CHINESE = str.maketrans("0123456789X", "〇一二三四五六七八九X")
_WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@dataclass(frozen=True, slots=True)
class Sentence:
    line: int
    kind: str
    """`ok` or what is in it."""
    text: str


def sentences(name: str, seed: int = 1) -> list[Sentence]:
    rows = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [
        Sentence(n, row.split("\t", 1)[0], filled(row.split("\t", 1)[1], Random(f"{seed}.{n}")))
        for n, row in enumerate(rows, 1)
        if row and not row.startswith("#")
    ]


def filled(text: str, random: Random) -> str:
    parts = iter(_parts(random))
    text = text.replace("\\n", "\n").replace("\\t", "\t")
    return re.sub(r"\{([a-zA-Z0-9-]+)\}", lambda found: _made(found[1], random, parts), text)


def _made(name: str, random: Random, parts: Iterator[str]) -> str:
    if name in ("id6", "id8", "id4"):
        return next(parts)
    return _MAKERS[name](random)


def _parts(random: Random) -> Iterator[str]:
    """One ID number in three parts, for sentences that part it."""
    number = _id(random)
    yield from (number[:6], number[6:14], number[14:])


def _digits(random: Random, count: int) -> str:
    return "".join(str(random.randrange(10)) for _ in range(count))


def _id(random: Random) -> str:
    born = f"19{random.randrange(40, 100)}{random.randrange(1, 13):02}{random.randrange(1, 29):02}"
    region = random.choice(["332501", "332521", "331102", "331121", "330102", "110101", "420106", "522301"])
    return id_number(f"{random.randrange(1, 1000):03}", region=region, born=born)


def _slip(random: Random) -> str:
    number = _id(random)
    return number[:-1] + ("1" if number[-1] != "1" else "2")


def _by_sign(joint: str) -> Callable[[Random], str]:
    return lambda random: joint.join(_id(random))


def _phone(random: Random) -> str:
    return f"1{random.choice('3578')}{random.choice('0123456789')}{_digits(random, 8)}"


def _cut(number: str, *sizes: int, joint: str) -> str:
    at, parts = 0, []
    for size in sizes:
        parts.append(number[at : at + size])
        at += size
    return joint.join([*parts, *([number[at:]] if number[at:] else [])])


def _card(random: Random, size: int = 19, head: str = "6228") -> str:
    body = head + _digits(random, size - len(head) - 1)
    doubled = (int(d) * (2 if n % 2 == 0 else 1) for n, d in enumerate(reversed(body)))
    return body + str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)


def _serial(random: Random) -> str:
    """Region, day, count, as offices number their cases; no ID number by its check digit."""
    while True:
        number = f"331102202205{random.randrange(1, 29):02}{_digits(random, 4)}"
        if id_number(number[14:17], region="331102", born=number[6:14]) != number:
            return number


_MAKERS: dict[str, Callable[[Random], str]] = {
    "id18": _id,
    "id18bad": _slip,
    "id18lower": lambda r: id_number(next(s for s in _serials(r) if id_number(s)[-1] == "X")).lower(),
    "id18fw": lambda r: _id(r).translate(_WIDE),
    "id18cn": lambda r: _id(r).translate(_CHINESE),
    "id18arab": lambda r: _id(r).translate(_ARABIC),
    "id18sp": lambda r: _cut(_id(r), 6, 8, 4, joint=" "),
    "id18dash": lambda r: _cut(_id(r), 6, 8, 4, joint="-"),
    "id18dots": lambda r: _cut(_id(r), 6, 4, 4, 4, joint="·"),
    "id18slash": lambda r: _cut(_id(r), 6, 8, 4, joint=" / "),
    "id18bracket": lambda r: _cut(_id(r), 6, 8, 4, joint="】【"),
    "id18comma": lambda r: _cut(_id(r), 3, 3, 4, 4, 4, joint="，"),
    "id18zw": _by_sign("\u200b"),
    "id18single": _by_sign(" "),
    "id18emoji": _by_sign("😀"),
    "id18keycap": lambda r: "".join(d if d == "X" else f"{d}\ufe0f\u20e3" for d in _id(r)),
    "id18oh": lambda r: _with(r, "0", "O"),
    "id18ell": lambda r: _with(r, "1", "l"),
    "id17": lambda r: _id(r)[:17],
    "id15": lambda r: (
        f"332501{r.randrange(40, 90)}{r.randrange(1, 13):02}{r.randrange(1, 29):02}{r.randrange(1, 1000):03}"
    ),
    "phone": _phone,
    "phone-": lambda r: _cut(_phone(r), 3, 4, joint="-"),
    "phonesp": lambda r: _cut(_phone(r), 3, 4, joint=" "),
    "phonedots": lambda r: _cut(_phone(r), 3, 4, joint="."),
    "phonefw": lambda r: _phone(r).translate(_WIDE),
    "phonecn": lambda r: _phone(r).translate(_CHINESE),
    "passport": lambda r: f"E{r.randrange(30, 99)}{_digits(r, 6)}",
    "passportG": lambda r: f"G{r.randrange(30, 99)}{_digits(r, 6)}",
    "passportEA": lambda r: f"E{r.choice('ABCDEFGH')}{_digits(r, 7)}",
    "passportforeign": lambda r: f"{r.choice('KLMNPR')}{r.randrange(30, 99)}{_digits(r, 6)}",
    "passportfw": lambda r: f"Ｅ{r.randrange(30, 99)}{_digits(r, 6)}".translate(_WIDE),
    "hkpass": lambda r: f"C{r.randrange(30, 99)}{_digits(r, 6)}",
    "mtp": lambda r: f"0{_digits(r, 7)}",
    "card19": _card,
    "card16": lambda r: _card(r, 16),
    "visa": lambda r: _card(r, 16, "4392"),
    "cardbad": lambda r: (card := _card(r))[:-1] + str((int(card[-1]) + 3) % 10),
    "cardsp": lambda r: _cut(_card(r), 4, 4, 4, 4, joint=" "),
    "cardsp16": lambda r: _cut(_card(r, 16), 4, 4, 4, joint=" "),
    "carddash": lambda r: _cut(_card(r), 4, 4, 4, 4, joint="-"),
    "cardfw": lambda r: _card(r).translate(_WIDE),
    "uscc": lambda r: f"11331100{r.randrange(0, 30):03}{_digits(r, 6)}{r.choice('0123456789X')}",
    "order18": lambda r: f"202205{r.randrange(1, 29):02}{_digits(r, 10)}",
    "order20": lambda r: f"202205{r.randrange(1, 29):02}{_digits(r, 12)}",
    "order12": lambda r: _digits(r, 12),
    "order8": lambda r: _digits(r, 8),
    "imei": lambda r: f"86{_digits(r, 13)}",
    "serial18": _serial,
}


def _serials(random: Random) -> Iterator[str]:
    while True:
        yield f"{random.randrange(1, 1000):03}"


def _with(random: Random, digit: str, letter: str) -> str:
    number = _id(random)
    at = number.index(digit, 1) if digit in number[1:-1] else -1
    return number[:at] + letter + number[at + 1 :] if at > 0 else number


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    precision: float
    recall: float
    missed: list[Sentence]
    alarms: list[Sentence]
    by_kind: dict[str, tuple[int, int]]
    """Found and all, by kind."""

    def __str__(self) -> str:
        kinds = "  ".join(f"{kind} {found}/{all_}" for kind, (found, all_) in self.by_kind.items())
        wrong = [f"  missed  {one.kind}:{one.line} {one.text!r}" for one in self.missed]
        wrong += [f"  alarm   {one.line} {one.text!r} {look(one.text)}" for one in self.alarms]
        head = f"precision {self.precision:.3f}  recall {self.recall:.3f}  {kinds}"
        return "\n".join([head, *wrong])


def measure(said: list[Sentence]) -> Measured:
    """An alarm is any refusal of an ordinary sentence; found is a dangerous one whose kind was seen."""
    missed, alarms, kinds = [], [], dict[str, tuple[int, int]]()
    for one in said:
        seen = look(one.text)
        if one.kind == "ok":
            alarms += [one] if seen else []
            continue
        found = seen is not None and _FIELD[one.kind] in seen.kinds
        missed += [] if found else [one]
        before = kinds.get(one.kind, (0, 0))
        kinds[one.kind] = (before[0] + found, before[1] + 1)
    dangerous = sum(all_ for _, all_ in kinds.values())
    found_ = dangerous - len(missed)
    return Measured(
        precision=found_ / (found_ + len(alarms)),
        recall=found_ / dangerous,
        missed=missed,
        alarms=alarms,
        by_kind=kinds,
    )
