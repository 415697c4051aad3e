"""销毁证明: what was destroyed, counted before and after, what stays and why, and the end of the evidence.

Must not know how anything is destroyed; every figure comes as an argument.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from handlers.papers import letter_page
from handlers.papers.letter_page import CENTER, SIZE
from handlers.papers.workbook import HEITI, XIAOBIAOSONG
from handlers.texts import destroying as words

TITLE = "数据销毁证明"
_SIGNED = ("执行人（签字）：", "监督人（签字）：", "单位（盖章）：", "        年    月    日")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """`tables`: name, rows before, rows erased, rows after."""

    number: str
    about: str
    at: str
    why: str
    tables: Sequence[tuple[str, int, int, int]]
    keys: int
    compacted: Sequence[str]
    """What could not be done of making the file small; empty where all was."""
    kept: Sequence[tuple[str, int, str]]
    """Table, rows, why."""
    roster: str
    issued: Sequence[tuple[str, int, str]]
    """Paper, how many, when the last."""
    beyond: Sequence[str]
    seq: int
    head: str


def write(certificate: Certificate, out: BinaryIO) -> None:
    document = letter_page.paper()
    document.core_properties.title = TITLE
    letter_page.line(document, TITLE, face=XIAOBIAOSONG, size=22, align=CENTER, before=6, after=10)
    for told in (f"编号：{certificate.number}", f"活动：{certificate.about}", f"销毁时间：{certificate.at}"):
        letter_page.line(document, told, size=SIZE)
    for told in words.LAW:
        letter_page.line(document, told, size=SIZE, indent=True)
    if certificate.why:
        letter_page.line(document, f"活动截止前销毁的原因：{certificate.why}", size=SIZE, indent=True)
    _chapter(document, "一、销毁的内容（销毁前后的行数）")
    rows = [(name, f"{before}", f"{erased}", f"{after}") for name, before, erased, after in certificate.tables]
    letter_page.grid(document, (64, 30, 30, 30), [("内容", "销毁前", "销毁", "销毁后"), *rows])
    _chapter(document, "二、销毁的办法")
    for told in _how(certificate):
        letter_page.line(document, told, size=SIZE, indent=True)
    _chapter(document, "三、留下的内容和理由")
    if certificate.roster:
        letter_page.line(document, certificate.roster, size=SIZE, indent=True)
    kept = [(name, f"{count}", reason) for name, count, reason in certificate.kept]
    letter_page.grid(document, (34, 20, 100), [("内容", "行数", "理由"), *kept])
    _chapter(document, "四、已经给出去的材料和本程序管不到的地方")
    if certificate.issued:
        issued = [(name, f"{count}", last) for name, count, last in certificate.issued]
        letter_page.grid(document, (84, 24, 46), [("给出去的材料", "份数", "最后一次"), *issued])
        letter_page.line(document, "以上文件在收到的人手里，请各单位按要求销毁。", size=SIZE, indent=True, before=4)
    for told in certificate.beyond:
        letter_page.line(document, f"{told}。", size=SIZE, indent=True)
    _chapter(document, "五、存证的末尾")
    letter_page.line(document, f"第 {certificate.seq} 条，SHA-256：{certificate.head}", size=11, with_next=True)
    for told in _SIGNED:
        letter_page.line(document, told, size=SIZE, left=80, before=6, with_next=told != _SIGNED[-1])
    letter_page.finish(document, f"{TITLE} {certificate.number}", {"zicha.certificate": certificate.number})
    document.save(out)


def _how(certificate: Certificate) -> list[str]:
    told = [
        f"删除数据密钥 {certificate.keys} 个：用它们封存的号码、签名、扫描件在任何一份拷贝里都不能再用本库的密钥打开。",
        "删除上表的全部行，数据库文件重写压缩，清空预写日志。",
    ]
    return told + [f"没有做成的：{one}。" for one in certificate.compacted]


def _chapter(document: object, title: str) -> None:
    letter_page.line(document, title, face=HEITI, size=SIZE, before=10, after=4, with_next=True)
