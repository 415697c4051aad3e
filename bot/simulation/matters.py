"""What somebody has to report: their answer to each question of the shipped campaign, before they are asked anything.

An answer is the ids of options, or words. The books compare the same ids with what stands in the database.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from bot.simulation.temper import Matter

Answers = dict[str, tuple[str, ...]]
"""By question; those of a row as `items.2.usage`."""

CAMPAIGN = "lishui-2022-69"
ROW = "items"
SIGNS = "sign"
ID_NUMBER = "id_number"
PLEDGES = ("pledge", "pledge_nil")
WORDS = frozenset({"pending_until", ID_NUMBER})
"""Questions that are answered in words; so are those of a row where an answer has more than letters."""
_PERSONAL = ("close", "close2", "swab", "quarantine", "arrivals")
_WORK = ("figures", "papers", "reports")
_PLACES = ("computer", "phone", "paper", "zhezhengding", "wechat", "usb")


def draw(random: Random, matter: Matter, *, deadline: date, serial: int) -> Answers:
    if matter is Matter.NIL:
        return _nil(random, serial)
    return _touched(random, random.randint(2, 3) if matter is Matter.ROWS else 1, deadline, serial)


def _nil(random: Random, serial: int) -> Answers:
    pledge = random.choices(("unneeded", "before", "this_year", SIGNS), (70, 15, 12, 3))[0]
    return {"contact": ("none",), "traces": ("clean",), "pledge_nil": (pledge,), **_signed(pledge, serial)}


def _touched(random: Random, rows: int, deadline: date, serial: int) -> Answers:
    contact = random.choices(("personal", "work", "both"), (60, 25, 15))[0]
    places = [place for place in _PLACES if random.random() < 0.4] or ["phone"]
    found: Answers = {"contact": (contact,), "places": tuple(places)}
    if len(places) > 1 and random.random() < 0.25:
        until = random.choice(("done", deadline.isoformat()))
        found |= {"cleaned": ("pending",), "pending_where": (places[0],), "pending_until": (until,)}
    else:
        found["cleaned"] = ("all",)
    offered = {"personal": _PERSONAL, "work": _WORK, "both": _PERSONAL + _WORK}[contact]
    for number, name in enumerate(random.sample(offered, rows), start=1):
        found |= dict(_row(random, number, name, last=number == rows, serial=serial))
    pledge = random.choices(("this_year", "before", SIGNS), (30, 30, 40))[0]
    return found | {"training": ("read",), "pledge": (pledge,), **_signed(pledge, serial)}


def _row(random: Random, number: int, name: str, *, last: bool, serial: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    own = f"电话排摸，供{serial % 9 + 2}个网格员使用"
    columns = {
        "data_name": name,
        "ways": random.choice(("export", "sent", "survey", "shared")),
        "usage": random.choice(("search", "entry", "swab", "quarantine", "report", own)),
        "review": "right" if last else "more",
    }
    for column, value in columns.items():
        yield f"{ROW}.{number}.{column}", (value,)


def _signed(pledge: str, serial: int) -> Answers:
    return {ID_NUMBER: (id_number(serial),)} if pledge == SIGNS else {}


def id_number(serial: int) -> str:
    """An invented number with the right check digit (GB 11643), another one for each serial."""
    days, place = divmod(serial, 999)
    born = date(1960, 1, 1) + timedelta(days=days)
    body = f"332501{born:%Y%m%d}{place + 1:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(weights, body, strict=True)) % 11]
