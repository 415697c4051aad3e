"""A bot message as ours: what becomes of each kind of frame. Pure."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.channels.incoming import parse
from handlers.messages import Address, ChatKind, Content, FileRef, Inbound
from tests.small_platform import CORP, JSON, ROBOT, TEXT, said


def other(msgtype: str, **content: Any) -> JSON:
    return said(msgtype=msgtype, text=..., content=content)


def parsed(data: JSON, corp_id: str = CORP) -> Inbound:
    inbound = parse(data, robot=ROBOT, corp_id=corp_id)
    assert inbound is not None
    return inbound


def test_a_text_in_private() -> None:
    assert parsed(TEXT) == Inbound(
        robot="dingc6gk",
        msg_id="msgYPw==",
        sender_id="042297",
        sender_name="张三",
        chat=Address("dingtalk", ChatKind.DIRECT, "042297"),
        chat_title="",
        content=Content.TEXT,
        text="hello DingTalk!",
        received_at=datetime(2023, 9, 21, 8, 7, 15, 765000, tzinfo=UTC),
    )


def test_a_text_in_a_group_has_a_leading_blank() -> None:
    group = said(conversationType="2", conversationTitle="测试群", isInAtList=True, text={"content": " 你好"})
    inbound = parsed(group)
    assert (inbound.text, inbound.chat_title) == ("你好", "测试群")
    assert inbound.chat == Address("dingtalk", ChatKind.GROUP, "cide4g=")
    assert inbound.sender_id == "042297"


@pytest.mark.parametrize(
    ("data", "content", "text"),
    [
        (other("picture", downloadCode="c", pictureDownloadCode="p"), Content.PICTURE, ""),
        (other("richText", richText=[{"text": "这是"}, {"type": "picture", "downloadCode": "c"}, {"text": "章"}]),
         Content.TEXT, "这是章"),
        (other("richText", richText=[{"text": "一"}, {"text": "\n"}, {"text": "二"}]), Content.TEXT, "一\n二"),
        (other("richText", richText=[{"type": "picture", "downloadCode": "c"}]), Content.PICTURE, ""),
        (other("richText", richText=[{"text": "\n"}, {"type": "picture"}]), Content.PICTURE, ""),
        (other("richText", richText=None), Content.PICTURE, ""),
        (other("richText", richText=["odd", None]), Content.PICTURE, ""),
        (other("audio", downloadCode="c", recognition="没有数据", duration=4000), Content.SPEECH, "没有数据"),
        (other("audio", downloadCode="c", recognition="", duration=4000), Content.OTHER, ""),
        (other("audio", downloadCode="c", duration="4"), Content.OTHER, ""),
        (other("video", downloadCode="c", videoType="mp4", duration="5"), Content.FILE, ""),
        (other("file", downloadCode="c", fileName="名单.xlsx", fileId="117848"), Content.FILE, ""),
        (other("unknownMsgType", unknownMsgType="用户发送了一条消息，机器人暂不支持接收。"), Content.OTHER, ""),
        (other("sticker", anything=1), Content.OTHER, ""),
        (said(msgtype=..., text=..., content={"x": 1}), Content.OTHER, ""),
        (said(text={"content": None}), Content.TEXT, ""),
        (said(text={}), Content.WITHHELD, ""),
        (said(text={"content": "  两边有空格 "}), Content.TEXT, "两边有空格"),
    ],
)  # fmt: skip
def test_every_kind(data: JSON, content: Content, text: str) -> None:
    inbound = parsed(data)
    assert (inbound.content, inbound.text) == (content, text)


@pytest.mark.parametrize(
    ("data", "files"),
    [
        (other("picture", downloadCode="c", pictureDownloadCode="p"), [("c", "", Content.PICTURE)]),
        (other("picture", pictureDownloadCode="p"), [("p", "", Content.PICTURE)]),
        (other("file", downloadCode="c", fileName="反馈表.xlsx", fileId="1"), [("c", "反馈表.xlsx", Content.FILE)]),
        (other("file", downloadCode="c"), [("c", "", Content.FILE)]),
        (other("file", fileName="反馈表.xlsx"), []),
        (other("richText", richText=[{"text": "两张"}, {"type": "picture", "downloadCode": "a"}, "odd",
                                     {"type": "picture", "downloadCode": "b"}]),
         [("a", "", Content.PICTURE), ("b", "", Content.PICTURE)]),
        (other("richText", richText=None), []),
        (other("video", downloadCode="c", videoType="mp4"), []),
        (other("audio", downloadCode="c", recognition="没有"), []),
        (other("picture", downloadCode=None), []),
        (TEXT, []),
    ],
)  # fmt: skip
def test_what_was_sent_along(data: JSON, files: list[tuple[str, str, Content]]) -> None:
    inbound = parsed(data)
    assert inbound.files == tuple(FileRef(code=code, name=name, kind=kind) for code, name, kind in files)
    assert inbound.file == (inbound.files[0] if files else None)


@pytest.mark.parametrize("msgtype", ["text", "picture", "audio", ...])
@pytest.mark.parametrize("names", [("errorCode", "errorMessage"), ("errCode", "errMsg")])
def test_the_quota_is_used_up(msgtype: str, names: tuple[str, str]) -> None:
    """No text and no content (facts §2.5); the SDK's own parser dies of this with a KeyError."""
    told = dict(zip(names, (20001, "受调用量超量影响，当前我的消息服务已经暂停。"), strict=True))
    inbound = parsed(said(msgtype=msgtype, text=..., **told))
    assert (inbound.content, inbound.text) == (Content.WITHHELD, "")


# ---------------------------------------------------------------- who and where


def test_somebody_without_a_staff_id_is_answered_by_the_session_only() -> None:
    inbound = parsed(said(senderStaffId=..., senderCorpId="dingother"))
    assert inbound.sender_id == ""
    assert inbound.chat == Address("dingtalk", ChatKind.DIRECT, "outside-cide4g=")


def test_another_organisation_counts_as_outside_even_with_a_staff_id() -> None:
    """Staff ids are the organisation's own: the same one elsewhere is somebody else."""
    assert parsed(said(senderCorpId="dingother")).sender_id == ""
    assert parsed(said(senderCorpId=...)).sender_id == "042297"
    assert parsed(said(senderCorpId="dingother"), corp_id="").sender_id == "042297"
    group = parsed(said(senderCorpId="dingother", conversationType="2"))
    assert (group.sender_id, group.chat.kind) == ("", ChatKind.GROUP)


@pytest.mark.parametrize("name", ["senderNick", "createAt", "conversationType", "isAdmin", "senderId", "robotCode"])
def test_absent_fields_are_borne(name: str) -> None:
    inbound = parsed(said(**{name: ...}))
    assert inbound.msg_id == "msgYPw=="
    assert inbound.robot == ROBOT


@pytest.mark.parametrize("value", ["", "soon", None, 10**30, -(10**30), [], {}])
def test_an_odd_time_is_borne(value: object) -> None:
    assert parsed(said(createAt=value)).received_at.tzinfo is UTC


@pytest.mark.parametrize("name", ["msgId", "conversationId"])
def test_without_an_id_it_cannot_be_told_whose_it_is(name: str) -> None:
    assert parse(said(**{name: ...}), robot=ROBOT, corp_id="") is None
    assert parse(said(**{name: ""}), robot=ROBOT, corp_id="") is None
    assert parse({}, robot=ROBOT, corp_id="") is None


def test_a_message_does_not_show_itself_in_a_traceback() -> None:
    shown = repr(parsed(TEXT))
    assert "hello" not in shown
    assert "张三" not in shown
