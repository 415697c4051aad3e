"""Numbers of persons in a folded text: ID numbers, mobile numbers, passports and passes, bank cards. Pure.

Numbers are looked for over runs of digits, so that blanks, dashes and words between the parts of one do not hide it.
Every window is bounded (18 runs at most), so the work grows with the text and no faster.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from handlers.campaign import id_number
from handlers.guard.folding import Run, runs

FEWEST_DIGITS = 7
"""Of a passport that begins with two letters; every other number has more."""
_PROVINCES = frozenset(
    [*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83, 91]
)
"""First two digits of an ID number (GB/T 2260); 81 to 83 are residents of Hong Kong, Macao, Taiwan, 91 foreigners."""
_TIGHT, _LOOSE = 3, 14
"""Signs between the parts of one number: as people write it, and with words in between."""
_WORDS_BETWEEN = re.compile(r"[^\W_]")
_A_SERIAL = re.compile(r"(?:编号|单号|订单|流水|受理|文号|序号|编码|条码|运单|快递|工单|批次|imei|串号)\D{0,6}$", re.I)
_A_CARD = re.compile(r"(?:银行卡|卡号|账号|账户|帐号|户名|开户)\D{0,8}$")
_CARD_HEADS = ("62", "60", "4", "51", "52", "53", "54", "55", "955", "35", "37")
_HIDDEN = re.compile(r"[*＊×?_#]")
_LAST_X = re.compile(r"[\W_]{0,3}[Xx](?![A-Za-z\d])")
_BORN_LATEST = 2016
"""A number with a wrong check digit and a later date of birth is rather a serial number: region, day, count."""
_PASSPORT = re.compile(r"(?<![A-Za-z\d])(?:[EGeg]\d{8}|[Ee][A-Za-z]\d{7})(?![A-Za-z\d])")
_PASS = re.compile(r"(?<![A-Za-z\d])(?:[A-Za-z]\d{8}|[A-Za-z]{2}\d{7}|[HMhm]\d{10}|\d{8})(?![A-Za-z\d])")
_PASS_NAMED = re.compile(r"(?:护照|passport|通行证|台胞证|回乡证|居住证|港澳证|台湾证|旅行证|证件号)", re.I)
_NEAR = 16
_A_DAY = re.compile(r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")


def id_numbers(text: str) -> int:
    """How many ID numbers there are, of 18 and 15 digits; one with a slip in its check digit is one as well."""
    return len(_id_spans(text))


def _id_spans(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    taken = 0
    for window in _windows(text, (15, 17, 18), _LOOSE):
        start, end = window[0].start, window[-1].end
        if start < taken:
            continue
        if (stop := _is_id(text, window)) is not None:
            found.append((start, stop))
            taken = max(end, stop)
    return found


def _is_id(text: str, window: Sequence[Run]) -> int | None:
    """Where the number ends, None where the digits of the window are none."""
    digits, end = "".join(run.digits for run in window), window[-1].end
    if int(digits[:2]) not in _PROVINCES:
        return None
    last = _LAST_X.match(text, end, end + 6)
    if len(digits) == 17 and last:
        digits, end = digits + "X", last.end()
    if len(digits) == 18 and id_number.valid(digits):
        return end
    tight = all(after.start - before.end <= _TIGHT for before, after in pairwise(window))
    if not tight or any(_parted(text, *pair) for pair in pairwise(window)):
        return None
    if len(window) > 4 and {len(run.digits) for run in window} != {1}:
        return None
    if _A_SERIAL.search(text[max(0, window[0].start - 12) : window[0].start]):
        return None
    if len(digits) == 17 and _HIDDEN.match(text, end) and id_number.plausible(digits + "0"):
        return end  # all of it but the check digit
    if len(digits) == 18 and id_number.plausible(digits) and int(digits[6:10]) <= _BORN_LATEST:
        return end
    return end if len(digits) == 15 and id_number.valid(digits) else None


def phones(text: str) -> int:
    """How many different mobile numbers there are."""
    found: set[str] = set()
    taken = 0
    for window in _windows(text, (11, 13, 15), _TIGHT):
        if window[0].start < taken or window[0].digits[0] not in "108":
            continue
        if any(_parted(text, before, after) for before, after in pairwise(window)):
            continue
        digits = re.sub(r"^(?:00)?86(?=1[3-9]\d{9}$)", "", "".join(run.digits for run in window))
        sizes = {len(run.digits) for run in window}
        if re.fullmatch(r"1[3-9]\d{9}", digits) and (len(window) <= 4 or sizes == {1}):
            found.add(digits)
            taken = window[-1].end
    return len(found)


def passports(text: str) -> int:
    """Passports of the People's Republic anywhere; other passes where they are called so."""
    found = {match.start() for match in _PASSPORT.finditer(text) if not _A_DAY.fullmatch(match[0][1:])}
    for named in _PASS_NAMED.finditer(text):
        near = _PASS.search(text, named.end(), named.end() + _NEAR + 12)
        if near and not _A_DAY.fullmatch(near[0]):
            found.add(near.start())
    return len(found)


def cards(text: str) -> int:
    """Bank cards: 16 to 19 digits that begin like one and whose check digit is right, or are called one."""
    count, taken = 0, 0
    ids = _id_spans(text)
    for window in _windows(text, (15, 16, 17, 18, 19), _TIGHT):
        start, end = window[0].start, window[-1].end
        if start < taken or window[0].digits[0] not in "34569":
            continue
        if any(_parted(text, before, after) for before, after in pairwise(window)):
            continue
        if any(begin < end and start < stop for begin, stop in ids) or _alnum(text, start - 1) or _alnum(text, end):
            continue
        digits, ahead = "".join(run.digits for run in window), text[max(0, start - 12) : start]
        called = _A_CARD.search(ahead) is not None
        groups = len(window) == 1 or all(3 <= len(run.digits) <= 6 for run in window[:-1])
        if not groups or not digits.startswith(_CARD_HEADS) or (len(digits) == 15 and digits[:2] != "37"):
            continue
        if called or (_luhn(digits) and not _A_SERIAL.search(ahead)):
            count, taken = count + 1, end
    return count


def _luhn(digits: str) -> bool:
    doubled = (int(d) * (2 if n % 2 else 1) for n, d in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _windows(text: str, sizes: tuple[int, ...], gap: int) -> Iterator[Sequence[Run]]:
    """Neighbouring runs that make up so many digits together."""
    found = runs(text)
    for first in range(len(found)):
        total = 0
        for last in range(first, len(found)):
            if last > first and found[last].start - found[last - 1].end > gap:
                break
            total += len(found[last].digits)
            if total > sizes[-1]:
                break
            if total in sizes:
                yield found[first : last + 1]


def _parted(text: str, before: Run, after: Run) -> bool:
    """Whether words, not only signs, stand between."""
    return _WORDS_BETWEEN.search(text, before.end, after.start) is not None


def _alnum(text: str, at: int) -> bool:
    return 0 <= at < len(text) and text[at].isascii() and text[at].isalnum()
