"""The table of what each platform can do in the READMEs, written from `bot/channels/abilities.py`:
`python -m tests.ways_table`."""

from collections.abc import Mapping
from pathlib import Path

from bot.channels.abilities import WAYS, Way

ROOT = Path(__file__).resolve().parent.parent
_MARKS = ("<!-- ways: python -m tests.ways_table -->\n", "<!-- end of ways -->\n")

Words = Mapping[str, str]

_TEXTS: dict[str, Words] = {
    "README.md": {
        "head": "Way | people answer | rings | 1:1 | groups | buttons | files in | files out | people a call | limits "
        "| a call without an answer",
        "stream": "DingTalk: robot in stream mode",
        "openapi": "DingTalk: OpenAPI, session webhook",
        "work_notice": "DingTalk: 工作通知 (needs an agent id)",
        "page": "浙政钉: the chat page (H5)",
        "notice": "浙政钉: work notice (工作通知)",
        "todo": "浙政钉: to-do (待办)",
        "robot": "DingTalk and 浙政钉: a group's robot by webhook (自定义机器人), calls people with @",
        "callback": "robot with HTTP callback, unconfirmed on 浙政钉",
        "yes": "yes",
        "no": "—",
        "tap": "answer",
        "link": "open the page",
        "up to": "up to {}, {}",
        "one": "one, {}",
        "bytes": "{} bytes",
        "second": "{} calls a second",
        "minute": "{} a minute per robot",
        "pause": "{} min between calls",
        "daily": "{} a day",
        "personal": "{} a day per person",
        "again": "made again",
        "doubtful": "is doubtful",
    },
    "README.zh-CN.md": {
        "head": "渠道 | 能回答 | 会提醒 | 单聊 | 群 | 按钮 | 收文件 | 发文件 | 每次调用人数 | 限制 | 调用没有回音",
        "stream": "钉钉：Stream 模式机器人",
        "openapi": "钉钉：OpenAPI、会话 webhook",
        "work_notice": "钉钉：工作通知（要有 AgentId）",
        "page": "浙政钉：自查页面（H5）",
        "notice": "浙政钉：工作通知",
        "todo": "浙政钉：待办",
        "robot": "钉钉和浙政钉：群自定义机器人，能@人",
        "callback": "HTTP 回调机器人，浙政钉上未经证实",
        "yes": "可以",
        "no": "—",
        "tap": "点了就答",
        "link": "打开页面",
        "up to": "{} 个以内，{}",
        "one": "一个，{}",
        "bytes": "{} 字节",
        "second": "每秒 {} 次",
        "minute": "每个机器人每分钟 {} 次",
        "pause": "两次间隔 {} 分钟",
        "daily": "每天 {} 条",
        "personal": "每人每天 {} 条",
        "again": "自动再发",
        "doubtful": "存疑，等人决定",
    },
}


def table(readme: str) -> str:
    words = _TEXTS[readme]
    columns = words["head"].count("|") + 1
    return "\n".join([f"| {words['head']} |", "|---" * columns + "|", *(_line(way, words) for way in WAYS)]) + "\n"


def _line(way: Way, words: Words) -> str:
    def told(yes: bool) -> str:
        return words["yes"] if yes else words["no"]

    sends = way.pushes or way.files_out
    cells = (
        words[way.id],
        told(way.hears),
        told(way.pushes),
        told(way.direct),
        told(way.groups),
        _buttons(way, words),
        told(way.files_in),
        told(way.files_out),
        f"{way.together}" if way.pushes else words["no"],
        "; ".join(words[name].format(f"{number:,.0f}") for name, number in way.limits) or words["no"],
        words["again" if way.keyed else "doubtful"] if sends else words["no"],
    )
    return f"| {' | '.join(cells)} |"


def _buttons(way: Way, words: Words) -> str:
    if way.buttons == "none":
        return words["no"]
    does = words[way.buttons]
    most = {0: does, 1: words["one"].format(does)}
    return most.get(way.most_buttons, words["up to"].format(way.most_buttons, does))


def written(readme: str) -> str:
    """The README with the table as it should be."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    begin, end = (text.index(mark) for mark in _MARKS)
    return text[: begin + len(_MARKS[0])] + table(readme) + text[end:]


if __name__ == "__main__":
    for name in _TEXTS:
        (ROOT / name).write_text(written(name), encoding="utf-8")
