"""Whatever somebody says to the bot, they learn nothing of what lies outside their part of the tree.

Every word the README tells is tried, about a unit and about people that are not the asker's: by name and by code, with
the numbers of what is there, in 1:1 and in a group; the papers that come of it are opened and searched too.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.messages import Document
from tests.world import Somebody, World, id_number, words

README = Path(__file__).resolve().parent.parent / "README.md"
SECRET = "机密底单甲"
"""The name of a data set in 紫金街道."""
INSIDE = {"李小四", "张三丰", "王雅芳", SECRET}
"""What only 紫金街道 and those above it may learn."""
STRANGERS = ("chen", "sun", "qian")
"""The coordinator of the street beside it, one of another county, and staff there."""


def _said() -> list[str]:
    """What the README's tables tell people to say."""
    rows = re.findall(r"^\| (`[^|]+`) \|", README.read_text(encoding="utf-8"), re.M)
    return [word for row in rows for word in re.findall(r"`([^`]+)`", row) if re.search(r"[\u3400-\u9fff]", word)]


def _about_others() -> Iterator[str]:
    """The same, said about 紫金街道 and its people."""
    for said in dict.fromkeys(_said()):
        yield said
        for place in ("紫金街道", "莲都区", "金山社区", "331102001", "331102001001"):
            yield re.sub("紫金街道|莲都区", place, said)
            if not re.search("紫金街道|莲都区", said):
                yield f"{said} {place}"
        for person in ("李小四", "张三丰"):
            yield re.sub("张三|李大爷|王雅芳", person, said)
        for number in range(1, 5):
            yield re.sub(r"\b\d{1,2}\b", str(number), said, count=1)


pytestmark = pytest.mark.parametrize("kind", ["sqlite"])  # what is asked here is who, not where it is stored


@pytest.fixture
def inhabited(world: World) -> World:
    """紫金街道 has handed in: rows, a pledge, a risk still open; its return is confirmed with a gap."""
    li = world.person("li")
    for said in ("开始", "2", "微信", "2", "5月25日", SECRET, "1", "1", "对", "1", "现在签"):
        li.says(said)
    for said in (f"李小四 {id_number()}", "确认"):
        li.says(said)
    for said in ("开始", "1", "1", "4"):
        world.person("zhang").says(said)
    for said in ("带缺口确认 有人在外地", "登记事件 紫金街道 5月17日：群里转发过名单"):
        world.person("wang").says(said)
    world.person("zhou").says("发现 紫金街道：微信群里还有名单 限6月5日")
    return world


def heard(asker: Somebody) -> str:
    """All that came to somebody, the papers opened."""
    found = []
    for body in asker.gets():
        found.append(words(body))
        if isinstance(body, Document):
            found.append(_opened(asker.world.make(body)))
    return "\n".join(found)


def _opened(content: bytes) -> str:
    if not content.startswith(b"PK"):
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


def test_there_is_something_to_learn(inhabited: World) -> None:
    """Those above see it: the search below would find it."""
    zhou = inhabited.person("zhou")
    for said in ("名单", "导出 反馈表", "风险", "核对", "补签名单", "导出 承诺书"):
        zhou.sends(f"{said} 紫金街道")
    told = heard(zhou)
    assert "李小四" in told
    assert SECRET in told
    assert len(list(_about_others())) > 600


@pytest.mark.parametrize("who", STRANGERS)
def test_nothing_of_another_unit_is_learned_by_any_word(inhabited: World, who: str) -> None:
    asker = inhabited.person(who)
    before = inhabited.facts()
    for said in _about_others():
        if said.startswith(("代填", "确定重新开始")) or "加入" in said:
            continue  # about oneself, or tried in rooms of their own
        asker.sends(said)
        told = heard(asker)
        leaked = [secret for secret in INSIDE if secret in told and secret not in said]
        assert leaked == [], f"«{said}» told {leaked}: {told[:300]}"
    after = inhabited.facts()
    for what in ("li", "zhang"):
        assert after["cases"][what] == before["cases"][what], "and nothing of theirs was changed"


@pytest.mark.parametrize("who", STRANGERS)
def test_nor_in_a_group(inhabited: World, who: str) -> None:
    inhabited.person("wang").says_in("紫金工作群", "绑定")
    asker = inhabited.person(who)
    for said in dict.fromkeys(_said()):
        told = asker.says_in("紫金工作群", said) + heard(asker)
        leaked = [secret for secret in INSIDE if secret in told and secret not in said]
        assert leaked == [], f"«{said}» told {leaked}: {told[:300]}"
