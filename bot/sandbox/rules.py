"""The rules of an API send (msgKey, msgParam), as pure functions: JSON in, `Content` or a refusal out.

Table of keys: A/0699; sizes and codes: A/0714, A/0716. Knows no network and no chat.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from .content import Button, Content
from .refusals import bad

MOST_USERS = 20  # docs text of A/0714; its error table says 100
MOST_BYTES = 15_000  # A/0716
FILE_TYPES = frozenset({"xlsx", "pdf", "zip", "rar", "doc", "docx"})

MediaKnown = Callable[[str], bool]


def robot_code(body: Mapping[str, Any], expected: str) -> None:
    code = body.get("robotCode")
    if not isinstance(code, str) or not code:
        raise bad("invalidParameter.robotCode.empty", "机器人robotCode无效")
    if code != expected:
        raise bad(
            "invalidParameter.robotCode.notExsit",
            "机器人不存在，请检查企业内是否安装了robotCode对应的机器人",
        )


def user_ids(body: Mapping[str, Any]) -> list[str]:
    ids = body.get("userIds")
    if not isinstance(ids, list) or not ids:
        raise bad("invalidParameter.userIds.empty", "用户userId列表为空")
    if len(ids) > MOST_USERS:
        raise bad("invalidParameter.userIds.overMax", f"用户userId列表超过最大限制{MOST_USERS}")
    if not all(isinstance(one, str) and one for one in ids):
        raise bad("invalidParameter.userId.empty", "缺少staffId")
    return list(dict.fromkeys(ids))


def process_query_keys(body: Mapping[str, Any]) -> list[str]:
    """A/0723: at most 20 keys in one recall."""
    keys = body.get("processQueryKeys")
    if not isinstance(keys, list) or not keys or not all(isinstance(key, str) for key in keys):
        raise bad("invalidParameter.processQueryKey.missing", "缺少processQueryKey")
    if len(keys) > 20:
        raise bad("invalidParameter.processQueryKeys.overMax", "processQueryKeys超过数量上限20")
    return list(keys)


def message(body: Mapping[str, Any], media_known: MediaKnown) -> Content:
    """Check msgKey and msgParam of a send and say what it will look like."""
    key, raw = body.get("msgKey"), body.get("msgParam")
    if not isinstance(key, str) or not key:
        raise bad("invalidParameter.msgKey.empty", "msgKey为空")
    shape = _SHAPES.get(key)
    if shape is None:
        raise bad("invalidParameter.msgKey.invalid", "msgKey无效，请传入正确的msgKey")
    if not isinstance(raw, str):
        raise bad("invalidParameter.msgParam.invalid", "msgParam格式非法，必须是json格式的字符串")
    if len(raw.encode()) > MOST_BYTES:
        raise bad("invalidParameter.msgParam.tooLong", "消息内容太长，请缩减内容长度")
    try:
        param = json.loads(raw)
    except ValueError:
        raise bad("invalidParameter.msgParam.invalid", "msgParam格式非法，必须是json格式") from None
    if not isinstance(param, dict):
        raise bad("invalidParameter.msgParam.invalid", "msgParam格式非法，必须是json对象")
    return shape(param, media_known)


def _need(param: Mapping[str, Any], name: str, code: str) -> str:
    value = param.get(name)
    if not isinstance(value, str) or not value.strip():
        raise bad(code, f"消息内容不合法，需要{name}属性")
    return value


def _text(param: Mapping[str, Any], _: MediaKnown) -> Content:
    return Content(kind="text", text=_need(param, "content", "miss.param.contentOfText"))


def _markdown(param: Mapping[str, Any], _: MediaKnown) -> Content:
    title = _need(param, "title", "miss.param.markdownTotitle")
    return Content(kind="markdown", title=title, text=_need(param, "text", "miss.param.markdownTotext"))


def _image(param: Mapping[str, Any], known: MediaKnown) -> Content:
    url = _need(param, "photoURL", "miss.param.photoTophotoUrl")
    if url.startswith(("http://", "https://")):
        return Content(kind="image", pic_url=url)
    return Content(kind="image", media=_uploaded(url, known))


def _link(param: Mapping[str, Any], _: MediaKnown) -> Content:
    title = _need(param, "title", "miss.param.titleOfLink")
    url = _need(param, "messageUrl", "miss.param.messageUrlOfLink")
    text = _need(param, "text", "miss.param.textOfLink")
    picture = _need(param, "picUrl", "invalidParameter.param.invalid")
    return Content(kind="link", title=title, text=text, pic_url=picture, buttons=(Button(title=title, url=url),))


def _card(pairs: tuple[tuple[str, str], ...], *, single_line: bool = False) -> _Shape:
    """An action card whose buttons stand under exactly these names, no more and no fewer."""

    def shape(param: Mapping[str, Any], _: MediaKnown) -> Content:
        title = _need(param, "title", "miss.param.actionCardTotitle")
        text = _need(param, "text", "miss.param.actionCardTotext")
        buttons = tuple(
            Button(
                title=_need(param, name, "miss.param.actionCardTobtnsTotitle"),
                url=_need(param, address, "miss.param.actionCardTobtnsToactionUrl"),
            )
            for name, address in pairs
        )
        wanted = set().union(*pairs)
        surplus = [k for k in param if k.startswith(("action", "button", "single")) and k not in wanted]
        if surplus:
            raise bad("invalidParameter.param.invalid", f"msgKey与按钮数量不符，多出 {'、'.join(surplus)}")
        return Content(kind="actionCard", title=title, text=text, buttons=buttons, single_line=single_line)

    return shape


def _file(param: Mapping[str, Any], known: MediaKnown) -> Content:
    media = _uploaded(_need(param, "mediaId", "miss.param.file"), known)
    name = _need(param, "fileName", "miss.param.file")
    if _need(param, "fileType", "miss.param.file").lower() not in FILE_TYPES:
        raise bad("invalidParameter.param.invalid", "fileType 只支持 xlsx、pdf、zip、rar、doc、docx")
    return Content(kind="file", title=name, media=media)


def _sound(param: Mapping[str, Any], known: MediaKnown) -> Content:
    _number(param, "duration")
    return Content(kind="file", title="语音", media=_uploaded(_need(param, "mediaId", "miss.param.audio"), known))


def _video(param: Mapping[str, Any], known: MediaKnown) -> Content:
    _number(param, "duration")
    _need(param, "videoType", "miss.param.video")
    _uploaded(_need(param, "picMediaId", "miss.param.video"), known)
    media = _uploaded(_need(param, "videoMediaId", "miss.param.video"), known)
    return Content(kind="file", title="视频", media=media)


def _number(param: Mapping[str, Any], name: str) -> None:
    if not str(param.get(name, "")).isdecimal():
        raise bad("invalidParameter.param.invalid", f"{name} 必须是数字")


def _uploaded(media: str, known: MediaKnown) -> str:
    if not known(media):
        raise bad("invalidParameter.param.invalid", "mediaId 不存在，请先上传媒体文件")
    return media


_Shape = Callable[[Mapping[str, Any], MediaKnown], Content]

_SHAPES: dict[str, _Shape] = {
    "sampleText": _text,
    "sampleMarkdown": _markdown,
    "sampleImageMsg": _image,
    "sampleLink": _link,
    "sampleActionCard": _card((("singleTitle", "singleURL"),)),
    **{
        f"sampleActionCard{n}": _card(tuple((f"actionTitle{i}", f"actionURL{i}") for i in range(1, n + 1)))
        for n in range(2, 6)
    },
    "sampleActionCard6": _card(tuple((f"buttonTitle{i}", f"buttonUrl{i}") for i in (1, 2)), single_line=True),
    "sampleAudio": _sound,
    "sampleFile": _file,
    "sampleVideo": _video,
}
