"""Work notices: what fits into one, and the limits of the platform, against a gateway that keeps them."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels import Attachment, Doubtful, Later, Parcel, Receipt, Refused
from bot.channels.zhezhengding import wording
from bot.channels.zhezhengding.notices import Notices, call_id
from bot.channels.zhezhengding.signing import BEIJING
from bot.demo.show import FileClock
from bot.threads import DatabaseThread
from handlers.messages import Address, ChatKind, Choice, Reply, Text
from storage.database import Database
from tests.bot_process import typing_at
from tests.sandbox_process import JSON, SandboxProcess, sandbox
from tests.zhezhengding import APP_KEY, APP_SECRET, TENANT, account_of, client, configured

PAGE = "https://zicha.example.gov.cn/h5"
AT = datetime(2022, 5, 18, 10, 20, tzinfo=UTC) - timedelta(hours=8)
START = "2022-05-18T09:00:00+08:00"


def told(body: Text | Choice | Attachment, *, page: str = PAGE, most: int = 2048) -> tuple[str, JSON]:
    text = wording.message(body, page=page, at=AT, most=most)
    assert len(text.encode()) <= most
    return text, json.loads(text)


# ---------------------------------------------------------------- what fits


def test_a_notice_has_its_words_and_one_button_to_the_page() -> None:
    body = Choice("自查", "您好，还有**3天**截止。", (Reply("1 继续", "继续"),))
    _, message = told(body)
    card = message["action_card"]
    assert card["markdown"] == "您好，还有**3天**截止。\n\n（5月18日10:20）"
    assert card["btn_json_list"] == [{"title": "打开自查", "action_url": PAGE}]


def test_without_a_page_the_words_go_as_text() -> None:
    _, message = told(Text("还有**3天**截止。", "自查"), page="")
    assert message == {"msgtype": "text", "text": {"content": "还有3天截止。\n\n（5月18日10:20）"}}


def test_a_paper_is_told_and_fetched_on_the_page() -> None:
    _, message = told(Attachment("反馈表.xlsx", io.BytesIO(b"...")))
    assert "点开下载" in message["action_card"]["markdown"]


@pytest.mark.parametrize("sign", ["中", "a", "\n", '"', "\\", "😀", "é", "👨‍👩‍👧", "👍🏽", "🇨🇳"])
def test_no_byte_too_many_whatever_it_is_made_of(sign: str) -> None:
    text, message = told(Text(sign * 5000, "自查"))
    kept = message["action_card"]["markdown"].split("……")[0]
    assert len(text.encode()) > 2048 - 250 or sign == "\n"
    assert kept == sign * (len(kept) // len(sign))


@pytest.mark.parametrize("most", range(600, 700, 7))
def test_a_link_is_whole_or_not_there(most: int) -> None:
    link = "[反馈表的说明](https://example.gov.cn/a/very/long/address/of/a/page?with=parameters)"
    _, message = told(Text("字" * 40 + link * 20, "自查"), most=most)
    kept = message["action_card"]["markdown"].split("……")[0]
    assert kept.replace(link, "") == "字" * 40


def test_what_is_cut_ends_with_a_sentence_where_one_ends_nearby() -> None:
    _, message = told(Text("这是一句完整的话。" * 300, "自查"))
    assert message["action_card"]["markdown"].split("……")[0].endswith("。")


def test_a_link_longer_than_a_notice_is_left_to_the_page() -> None:
    _, message = told(Text("https://example.gov.cn/" + "x" * 3000, "自查"))
    assert message["action_card"]["markdown"].startswith("……（全文请点开看）")


def test_no_room_at_all_says_which_setting() -> None:
    with pytest.raises(Refused, match="ZZD_NOTICE_BYTES"):
        told(Text("字", "自查"), page="https://example.gov.cn/" + "x" * 2048)


# ---------------------------------------------------------------- the platform's limits


@dataclass
class Post:
    """The channel against the gateway, by the gateway's clock."""

    box: SandboxProcess
    notices: Notices
    database: Database

    async def send(self, key: str, words: str, *accounts: str, reply: bool = False) -> Receipt:
        to = tuple(Address("zhezhengding", ChatKind.DIRECT, one) for one in accounts)
        return await self.notices.deliver(Parcel(key=key, to=to, body=Text(words, "自查"), reply=reply))

    def phone(self, who: str) -> list[str]:
        return [_words(one["message"]) for one in self.box.get("/sandbox/phone", **{"as": who})["notices"]]

    def violations(self) -> list[str]:
        return [entry["summary"] for entry in self.box.ledger("violation")]


def _by_day(at: datetime) -> bool:
    return at.astimezone(BEIJING).hour < 20


def _words(message: JSON) -> str:
    kind = message["msgtype"]
    return str(message[kind].get("markdown") or message[kind].get("content"))


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SandboxProcess]:
    with sandbox(data=tmp_path / "box", clock_start=START, clock_file=tmp_path / "clock.json") as process:
        yield process


@asynccontextmanager
async def posting(box: SandboxProcess, folder: Path, **changes: Any) -> AsyncIterator[Post]:
    database, thread = Database(f"sqlite:///{folder / 'zicha.sqlite3'}"), DatabaseThread()
    database.migrate()
    values = {"zzd_app_name": "zicha", **changes}
    config = configured(box.url, **values)
    async with client(box.url, **values) as gateway:
        now = FileClock(folder / "clock.json")
        yield Post(
            box,
            Notices(
                config,
                gateway,
                database=database,
                thread=thread,
                now=now,
                polite=_by_day,
            ),
            database,
        )
    thread.close()
    database.close()


ZHANG, WANG = account_of(0), account_of(1)


def test_words_for_several_are_one_call(box: SandboxProcess, tmp_path: Path) -> None:
    async def main() -> None:
        async with posting(box, tmp_path) as post:
            receipt = await post.send("k1", "还有三天", ZHANG, WANG)
            assert receipt == Receipt(call_id("k1"), {})
            assert post.phone("zhang") == post.phone("wang") == ["还有三天\n\n（5月18日09:00）"]
            assert post.violations() == []

    asyncio.run(main())


def test_the_pause_is_kept_by_all_processes(box: SandboxProcess, tmp_path: Path) -> None:
    async def main() -> None:
        async with posting(box, tmp_path) as first, posting(box, tmp_path) as second:
            await first.send("k1", "一", ZHANG, WANG)
            with pytest.raises(Later) as error:
                await second.send("k2", "二", ZHANG, WANG)
            assert 590 < error.value.delay <= 600
            await asyncio.to_thread(box.clock, advance=601)
            await second.send("k2", "二", ZHANG, WANG)
            assert len(first.phone("zhang")) == 2
            assert first.violations() == []

    asyncio.run(main())


def test_a_repeated_key_is_refused_and_counts_as_taken(box: SandboxProcess, tmp_path: Path) -> None:
    async def main() -> None:
        async with posting(box, tmp_path, http_timeout=2.0) as post:
            box.fault("hang", seconds=4.0)
            with pytest.raises(Doubtful):
                await post.send("k1", "一", ZHANG, WANG)
            assert (await post.send("k1", "一", ZHANG, WANG)).id == call_id("k1")
            assert len(post.phone("zhang")) == 1

    asyncio.run(main())


def test_what_was_not_taken_does_not_count(box: SandboxProcess, tmp_path: Path) -> None:
    async def main() -> None:
        async with posting(box, tmp_path) as post, posting(box, tmp_path, zzd_base_url="http://127.0.0.1:9") as deaf:
            with pytest.raises(Later, match="not reached"):
                await deaf.send("k1", "一", ZHANG, WANG)
            await post.send("k2", "二", ZHANG, WANG)
            assert len(post.phone("zhang")) == 1

    asyncio.run(main())


def test_a_person_and_a_day_have_a_number(box: SandboxProcess, tmp_path: Path) -> None:
    async def main() -> None:
        async with posting(box, tmp_path, zzd_notice_personal=1, zzd_notice_daily=3, zzd_notice_pause=0.0) as post:
            await post.send("k1", "一", ZHANG, account_of(2))
            await asyncio.to_thread(box.clock, advance=601)
            receipt = await post.send("k2", "二", ZHANG, WANG)
            ((late, error),) = receipt.untaken.items()
            assert late.id == ZHANG
            assert isinstance(error, Later)
            assert 13 * 3600 < error.delay < 15 * 3600  # until midnight in Beijing
            await asyncio.to_thread(box.clock, advance=601)
            with pytest.raises(Later, match="day's number"):
                await post.send("k3", "三", account_of(4), account_of(5))

    asyncio.run(main())


def test_a_reply_stays_on_the_page(box: SandboxProcess, tmp_path: Path) -> None:
    async def main() -> None:
        async with posting(box, tmp_path, h5_url=PAGE) as post:
            assert await post.send("k1", "您好", ZHANG, reply=True) == Receipt("page")
            assert post.phone("zhang") == []

    asyncio.run(main())


def test_bells_ring_together(box: SandboxProcess, tmp_path: Path) -> None:
    async def main() -> None:
        async with posting(box, tmp_path, h5_url=PAGE) as post:
            await post.send("k1", "有人想加入", ZHANG)
            await post.send("k2", "退回了", WANG)
            await post.send("k3", "还有一条", WANG)
            await post.send("k4", "名单", account_of(4))
            assert await post.notices.ring() == 3
            assert post.phone("zhang") == post.phone("wang") == ["您有新消息，请点开查看。\n\n（5月18日09:00）"]
            assert await post.notices.ring() == 0
            await post.send("k5", "只有一条", WANG)
            assert await post.notices.ring() == 0  # the pause
            await asyncio.to_thread(box.clock, advance=601)
            assert await post.notices.ring() == 1
            assert post.phone("wang")[-1].startswith("只有一条")
            assert post.violations() == []

    asyncio.run(main())


def test_what_most_have_is_told_in_its_own_words(box: SandboxProcess, tmp_path: Path) -> None:
    async def main() -> None:
        async with posting(box, tmp_path, h5_url=PAGE) as post:
            await post.send("k1", "退回了", account_of(4))
            await post.send("k2", "还有三天", ZHANG, WANG)
            assert await post.notices.ring() == 2
            assert post.phone("zhang")[0].startswith("还有三天")
            await asyncio.to_thread(box.clock, advance=601)
            assert await post.notices.ring() == 1
            assert post.phone("p001")[0].startswith("退回了")

    asyncio.run(main())


def test_no_bell_rings_at_night(box: SandboxProcess, tmp_path: Path) -> None:
    async def main() -> None:
        async with posting(box, tmp_path, h5_url=PAGE) as post:
            await asyncio.to_thread(box.clock, advance=12 * 3600)
            await post.send("k1", "还有三天", ZHANG)
            assert await post.notices.ring() == 0
            await asyncio.to_thread(box.clock, advance=12 * 3600)
            assert await post.notices.ring() == 1

    asyncio.run(main())


def test_a_notice_is_recalled(box: SandboxProcess, tmp_path: Path) -> None:
    async def main() -> None:
        async with posting(box, tmp_path) as post:
            receipt = await post.send("k1", "写错了", ZHANG, WANG)
            await post.notices.recall(receipt.id)
            assert post.phone("zhang") == []
            with pytest.raises(Refused):
                await post.notices.recall("nothing")

    asyncio.run(main())


def test_the_same_words_twice_a_day_say_when(box: SandboxProcess, tmp_path: Path) -> None:
    async def main() -> None:
        async with posting(box, tmp_path) as post:
            await post.send("k1", "还有三天", ZHANG, WANG)
            await asyncio.to_thread(box.clock, advance=3600)
            await post.send("k2", "还有三天", ZHANG, WANG)
            assert len({*post.phone("zhang")}) == 2
            assert post.violations() == []

    asyncio.run(main())


def test_the_operator_sees_and_recalls_them(box: SandboxProcess, tmp_path: Path) -> None:
    sent: list[str] = []

    async def main() -> None:
        async with posting(box, tmp_path) as post:
            sent.append((await post.send("k1", "写错了", ZHANG, WANG)).id)

    asyncio.run(main())
    settings = {
        "ZZD_BASE_URL": box.url,
        "ZZD_APP_KEY": APP_KEY,
        "ZZD_APP_SECRET": APP_SECRET,
        "ZZD_TENANT_ID": TENANT,
        "ZICHA_DATABASE_URL": f"sqlite:///{tmp_path / 'zicha.sqlite3'}",
    }
    with typing_at(tmp_path, **settings) as zicha:
        told = zicha("notices", "list").output
        assert f"2 人  {sent[0]}" in told
        assert "还能发" in told
        assert "等下一次" not in told
        assert "ZZD_APP_NAME" in zicha("notices", "recall", sent[0]).output
    with typing_at(tmp_path, **settings, ZZD_APP_NAME="zicha") as zicha:
        assert "已撤回" in zicha("notices", "recall", sent[0]).output
        assert "撤回" in zicha("notices", "list").output
    assert box.get("/sandbox/phone", **{"as": "zhang"})["notices"] == []
