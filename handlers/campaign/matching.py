"""What somebody meant: numbers, words, dates and names typed by tired people, matched to what was offered.

Pure functions. Guessing is kept narrow: a compliance answer misread is worse than a question asked again.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from handlers.campaign.definition import Option

_NUMERALS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_NUMBERED = re.compile(r"^(?:选择?|第)?\s*(\d{1,2})(?:\s*[个项.。]?\s*$|[\s、.．,，:：)）]+(?P<rest>.+)$)", re.DOTALL)
_SEPARATORS = re.compile(r"[\s、，,；;/|+＋和跟及与。.]+")
_TURNED = re.compile("[不没未无别吗呢么]")
"""What turns a statement into its opposite or into a question."""
_NUMBERS_ONLY = re.compile(r"[\d\s、，,.．和]+")
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}


@dataclass(frozen=True, slots=True)
class Picked:
    """What was recognised: ids of options or `=words`; `note` is what was said beyond it."""

    values: tuple[str, ...]
    note: str = ""


def clean(said: str) -> str:
    """The text without control, zero-width and bidi characters; line breaks stay, surrounding blanks go."""
    if not said.isprintable():  # nothing printable is invisible
        said = "".join(c for c in said if c == "\n" or unicodedata.category(c) not in _INVISIBLE or c == "\u200d")
    return said.strip().strip("\u200d")


def plain(text: str) -> str:
    """The bare form two wordings are compared in: one width, one case, no blanks and punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if unicodedata.category(c)[0] in "LN")


@lru_cache(maxsize=4096)
def worded(label: str) -> str:
    """The bare form of what a campaign offers. What people say is not kept."""
    return plain(label)


def number(said: str) -> int | None:
    """«2», «２», «②», «二», «第2个», «选2» as a number."""
    text = unicodedata.normalize("NFKC", said).strip().rstrip("。.,!~ ")
    if text in _NUMERALS:
        return _NUMERALS[text]
    found = _NUMBERED.match(text)
    return int(found[1]) if found and not found["rest"] else None


def pick_one(options: Sequence[Option], said: str) -> Picked | None:
    """One option by number, words, or number and words («2 微信没删»); None where it is not certain."""
    if (n := number(said)) is not None:
        return Picked((options[n - 1].id,)) if 1 <= n <= len(options) else None
    if option := _named(options, said):
        return Picked((option.id,))
    found = _NUMBERED.match(unicodedata.normalize("NFKC", said).strip())
    if found and found["rest"]:
        rest, n = found["rest"].strip(), int(found[1])
        if named := _named(options, rest):
            return Picked((named.id,))  # the words win: the number may come from an older message
        if _NUMBERS_ONLY.fullmatch(rest):
            return None  # «2 3» to a question for one
        return Picked((options[n - 1].id,), rest) if 1 <= n <= len(options) else None
    near = [option for option in options if _nearly(option, said)]
    return Picked((near[0].id,), said) if len(near) == 1 else None


def pick_many(options: Sequence[Option], said: str, *, free: bool) -> Picked | None:
    """Several options: «1 3 5», «135», «电脑 手机»; with `free`, words nobody offered are kept as `=words`, otherwise
    they are a remark («2 微信没删») if an option was named first."""
    if whole := _named(options, said):
        return Picked((whole.id,))
    found = _NUMBERED.match(unicodedata.normalize("NFKC", said).strip())
    if found and found["rest"] and (named := _named(options, found["rest"])):
        return Picked((named.id,))  # a button: «7 微信»
    values: list[str] = []
    unknown: list[str] = []
    for word in filter(None, _SEPARATORS.split(unicodedata.normalize("NFKC", said).strip())):
        ids = _by_digits(options, word)
        if ids is None:
            option = _named(options, word)
            ids = [option.id] if option else None
        if ids is None:
            unknown.append(word)
        else:
            values += ids
    if unknown and (not values or any(word.isdigit() for word in unknown)):
        return None
    if unknown and not free:
        words = _SEPARATORS.split(unicodedata.normalize("NFKC", said).strip())
        return Picked(tuple(dict.fromkeys(values)), " ".join(unknown)) if words[0] not in unknown else None
    values += [f"={word}" for word in unknown]
    if unknown and "other" in values:
        values.remove("other")  # «其他 飞书»: the words say it already
    return Picked(tuple(dict.fromkeys(values))) if values else None


def _by_digits(options: Sequence[Option], word: str) -> list[str] | None:
    n = number(word)
    if n is not None and 1 <= n <= len(options):
        return [options[n - 1].id]
    if word.isdecimal() and len({*word}) == len(word) and all(1 <= int(d) <= len(options) for d in word):
        return [options[int(d) - 1].id for d in word]
    return None


def _named(options: Sequence[Option], said: str) -> Option | None:
    bare = plain(said)
    if not bare:
        return None
    for option in options:
        if bare == worded(option.label):
            return option
    hits = [o for o in options if any(bare == worded(alias) for alias in o.aliases)]
    return hits[0] if len(hits) == 1 else None


def _nearly(option: Option, said: str) -> bool:
    """«我都没有接触» for «没有接触»: the wording is more than half of what was said, and nothing around turns it."""
    bare = plain(said)
    for name in (option.label, *option.aliases):
        words = worded(name)
        if len(words) < 2 or len(bare) >= 2 * len(words) or words not in bare:
            continue  # «没有» is no answer in «我没有时间»
        if not _TURNED.search(bare.replace(words, "", 1)):
            return True
    return False


_FULL = re.compile(r"(\d{4})\s*[年\-./]\s*(\d{1,2})\s*[月\-./]\s*(\d{1,2})\s*[日号]?")
_SHORT = re.compile(r"(?<!\d)(\d{1,2})\s*[月\-./]\s*(\d{1,2})\s*[日号]?(?!\d)")
_DAY = re.compile(r"(?<!\d)(\d{1,2})\s*[日号]")
_WEEKDAY = re.compile("(下)?(?:周|星期|礼拜)([一二三四五六日天])")
_SPOKEN = {"今天": 0, "今晚": 0, "明天": 1, "明早": 1, "后天": 2, "大后天": 3}


def day(said: str, today: date) -> date | None:
    """A day in the words people use: «5月25日», «5.25», «25号», «明天», «周五», «下周一», «2022-05-25»."""
    text = unicodedata.normalize("NFKC", said)
    for word in sorted(_SPOKEN, key=len, reverse=True):
        if word in text:
            return today + timedelta(days=_SPOKEN[word])
    if found := _WEEKDAY.search(text):
        wanted = "一二三四五六日".index(found[2].replace("天", "日"))
        ahead = wanted - today.weekday() + (7 if found[1] or wanted < today.weekday() else 0)
        return today + timedelta(days=ahead)
    try:
        if found := _FULL.search(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _SHORT.search(text):
            return date(today.year, int(found[1]), int(found[2]))
        if found := _DAY.search(text):
            return date(today.year, today.month, int(found[1]))
    except ValueError:
        return None
    return None


_LAST_YEARS = timedelta(days=60)
"""A day without a year that is farther ahead than this was meant to be past; a nearer one may be a slip."""


def day_past(text: str, today: date) -> date | None:
    """A day that has been: «12月1日» said in May is last year's. None for a day to come."""
    when = day(text, today)
    if when and when - today > _LAST_YEARS and str(when.year) not in text:
        when = when.replace(year=when.year - 1)
    return when if when and when <= today else None
