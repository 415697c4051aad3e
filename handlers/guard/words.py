"""Words that show a secret in a folded text: passwords, and the marks of classified papers. Pure.

A paper is marked by how the word stands, not by the word: talk about secrecy is the daily bread of this bot.
"""

import re

_PASSWORD = re.compile(
    r"(?P<what>密码|口令|密钥|password|passwd|pass\s?code|pwd)"
    r"(?P<between>(?:[(（][^()（）\n]{1,6}[)）])?\s{0,4}(?:[:：=]|是|为|is|改成了?|改为|设为|设置为|设成了?|换成了?|统一为|统一是|都是|用的是|就是)?[\s:：“\"'‘「]{0,4})"
    r"(?P<said>[!-~]{4,64})",
    re.I,
)
_NO_SECRET = re.compile(
    r"\*+|\.+|-+|_+|x+|n/?a|null|none|excel.*|word.*|app.*|wifi|policy.*|(?:19|20)\d\d[-./]\d{1,2}.*|1[3-9]\d{9}", re.I
)
_SENT_CODE = re.compile(r"(?:验证码|动态码|pin码?)\s{0,3}(?:[:：=]|是|为)?\s{0,3}\d{4,8}(?![\dA-Za-z年月日-])", re.I)
_JOINT = re.compile(r"[:：=是为成]|is", re.I)
"""What makes the word behind it a password, whatever it looks like."""
_COUNTED = re.compile(r"[年月日位个次天台人条份件种项套部字分以]")
_WORD = r"(?:绝密|机密|秘密)"
_STAR = re.compile(rf"{_WORD}\s{{0,3}}[★☆⭐*·]")
_TERM = re.compile(rf"{_WORD}\s{{0,2}}[·.、 ]?\s{{0,2}}\d{{1,2}}\s?年(?![初底内末级])")
_LEVEL = re.compile(rf"密级(?:[:：\s]|是|为|定为)\s{{0,3}}[“\"(（]?{_WORD}")
_ALONE = re.compile(rf"^\s{{0,8}}[\[【(（<《]?\s{{0,3}}{_WORD}(?:级|件)?\s{{0,3}}[\]】)）>》]?\s{{0,8}}$", re.M)
_BRACKET = re.compile(rf"[\[【(（]\s{{0,3}}{_WORD}(?:级|件)?\s{{0,3}}[\]】)）]")
_PAPER = re.compile(rf"{_WORD}(?:级|件|文件|资料|材料|公文|电报|文电|通知|会议纪要)")
_LABELLED = re.compile(rf"标(?:注|有|着|明)(?:了|的?是|为)?\s?[“\"]?{_WORD}")
_NUMBER = re.compile(r"[\u4e00-\u9fff]密(?:发|电|函)?\s?[〔\[(（]\s?20\d\d\s?[〕\])）]")
_DENIED = re.compile(
    r"[不未无没非勿免禁否]|是否|有无|严防|如有|若有|发现|属于不|相关规定|规定|制度|要求|泄露|保守|培训|学习|什么|哪些|怎么|定密"
)
_DENIED_BEHIND = re.compile(
    r"^.{0,4}[:：]?\s?(?:都|也|均|全|一份都|一律)?(?:没有(?!交|删|清|还|处理|上交|销毁|退|收|归)|没见|没存|没碰|没接触|无|未发现|未接触|不存在|不涉及|不在|不接触|不存|不上|不得|不能|不许|不可|不准|不要|不是)"
    r"|管理|规定|制度|保护|工作|机要|保密[室柜]|档案室"
)
_CLAUSE = re.compile(r"[，,。；;！!？?\n：:]")
_BACK = 14


def passwords(text: str) -> int:
    """How many passwords and codes sent to log in are told. That there is one, or that it was changed, is none."""
    count = sum(1 for _ in _SENT_CODE.finditer(text))
    for found in _PASSWORD.finditer(text):
        said = found["said"].rstrip(".,;!?)\"'") or "."
        told = _JOINT.search(found["between"]) is not None
        plain = not told and not (said[0].isalnum() and any(sign.isdigit() for sign in said))
        behind = text[found.end("said") : found.end("said") + 1]
        counted = said.isdigit() and _COUNTED.match(behind)
        if len(said) >= 4 and not plain and not counted and not _NO_SECRET.fullmatch(said) and not _range(said, behind):
            count += 1
    return count


def _range(said: str, behind: str) -> bool:
    """«8-16位»."""
    return re.fullmatch(r"\d{1,2}[-~]\d{1,2}", said) is not None and _COUNTED.match(behind) is not None


def markings(text: str) -> int:
    """How many marks of classified papers there are."""
    sure = {found.start() for pattern in (_STAR, _TERM, _LEVEL, _ALONE, _BRACKET) for found in pattern.finditer(text)}
    numbers = {found.start() for found in _NUMBER.finditer(text) if text[found.start()] != "保"}
    papers = (found for pattern in (_PAPER, _LABELLED) for found in pattern.finditer(text))
    named = {found.start() for found in papers if not _denied(text, found.start(), found.end())}
    return len(sure | numbers | named)


def _denied(text: str, start: int, end: int) -> bool:
    """«不存储机密文件», «秘密级文件：无»: what is said not to be there, and talk about rules."""
    before = _CLAUSE.split(text[max(0, start - _BACK) : start])[-1]
    behind = re.split(r"[，,。；;！!？?\n]", text[end : end + _BACK])[0]
    return _DENIED.search(before) is not None or _DENIED_BEHIND.search(behind) is not None
