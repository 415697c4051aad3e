"""The rows a unit typically has, offered to the next person who begins one: what colleagues have handed in.

Only what describes the data: never the contact, never a sentence that follows from the colleague's own places, and no
cell in which a number or a name of somebody stands. Asked for at the first column of a row only: one query.
"""

import json
import re
from collections import Counter
from functools import lru_cache
from itertools import islice
from typing import Any

from handlers import leak_guard
from handlers.campaign.definition import Group, Option, Question
from handlers.campaign.row_changes import group_of
from handlers.campaign.setting import Typical
from handlers.desk import Desk
from handlers.texts import filling
from storage import cases
from storage.models import Person

MOST = 12
"""So many are kept; the path shows the first few that fit this person."""
_LOOKED_AT = 500
Cells = tuple[tuple[str, tuple[str, ...]], ...]
"""The answers of a row that describe the data, by column."""
_LONG_NUMBER = re.compile(r"\d{5,}")
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田姜范方石姚谭廖邹熊金陆郝"
    "孔白崔康毛邱秦江史顾侯邵孟龙万雷钱汤尹黎武乔贺赖龚樊兰殷施陶洪翟颜倪严牛温芦俞鲁葛毕柳祝阮蓝雷诸葛麻吾"
)
_SOMEBODY = re.compile(
    rf"(?:^|[\s，,、；;：:（(。由供给找是向从让请交与和及归属])[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}"
    r"(?=$|[\s，,、；;：:）)。]|负责|保管|使用|专用|在用|同志|主任|书记|医生|护士|老师|电话|联系|汇总|提供|下发|转发|转来|整理|掌握|手机|电脑|微信)"
    rf"|[{_SURNAMES}]某|[{_SURNAMES}][\u4e00-\u9fff]?(?:同志|主任|书记|医生|护士|老师|先生|女士|阿姨|大爷|师傅)"
)


def rows(desk: Desk, person: Person) -> tuple[Typical, ...]:
    """The rows of a person's unit, the most frequent first; of equal ones that handed in last."""
    group = group_of(desk.campaign)
    if group is None:
        return ()
    columns = [column for column in group.columns if not (column.suggest or column.personal)]
    offered = [{option.id for option in column.options} for column in columns]
    found = cases.colleagues(desk.session, desk.campaign.id, person.unit_id, _LOOKED_AT)
    names = {name for _, name, _ in found}
    counted: Counter[Cells] = Counter()
    for person_id, _, answers in found:
        if answers and person_id != person.id:
            counted.update(dict.fromkeys(_rows(group, columns, offered, answers), 1))
    harmless = (cells for cells, _ in counted.most_common() if _harmless(cells, names))
    return _labelled(columns, list(islice(harmless, MOST)))


def _rows(group: Group, columns: list[Question], offered: list[set[str]], answers: str) -> list[Cells]:
    found = []
    for given in _by_row(group.id, answers):
        cells = [(column.id, given.get(column.id, {})) for column in columns]
        known = all(
            value.startswith("=") or value in options
            for options, (_, cell) in zip(offered, cells, strict=True)
            for value in cell.get("values", ())
        )  # the file may have changed since
        if known and all(cell.get("values") and not cell.get("sealed") for _, cell in cells):
            found.append(tuple((name, tuple(cell["values"])) for name, cell in cells))
    return found


@lru_cache(maxsize=512)
def _by_row(group: str, answers: str) -> list[dict[str, Any]]:
    """The answers of each row, by column. What one has handed in is looked at for each of the colleagues."""
    rows: dict[int, dict[str, Any]] = {}
    for key, given in json.loads(answers).items():
        ahead, _, column = key.rpartition(".")
        if ahead.startswith(f"{group}."):
            rows.setdefault(int(ahead.partition(".")[2]), {})[column] = given
    return [rows[number] for number in sorted(rows)]


def _harmless(cells: Cells, names: set[str]) -> bool:
    """Own words may hold anything; the campaign's own options are always fine."""
    own = [value[1:] for _, values in cells for value in values if value.startswith("=")]
    return not any(_tells_something(words) or any(name in words for name in names) for words in own)


@lru_cache(maxsize=512)
def _tells_something(words: str) -> bool:
    """A number or the name of somebody, as it seems."""
    return bool(
        leak_guard.look(words) or leak_guard.has_phone(words) or _LONG_NUMBER.search(words) or _SOMEBODY.search(words)
    )


def _labelled(columns: list[Question], found: list[Cells]) -> tuple[Typical, ...]:
    """Each with a button of its own: the name of the data, and where several share it what sets them apart."""
    firsts = Counter(cells[0] for cells in found)
    labels: dict[str, Typical] = {}
    for cells in found:
        words = [_words(column, values) for column, (_, values) in zip(columns, cells, strict=True)]
        label = filling.typical(words[0], words[1] if firsts[cells[0]] > 1 and len(words) > 1 else "")
        labels.setdefault(label, Typical(label, cells))
    return tuple(labels.values())


def _words(column: Question, values: tuple[str, ...]) -> str:
    options: dict[str, Option] = {option.id: option for option in column.options}
    return "、".join(value[1:] if value.startswith("=") else options[value].label for value in values)
