"""What is said about pictures and PDFs of what was stamped and signed."""

from handlers.file_kinds import TOO_MANY_PIXELS, TWO_THINGS

UNWANTED_KIND = "这里只收照片（JPG、PNG）或 PDF。手机上请直接拍照发送，或者扫描成 PDF。"
NOTHING_WAITS_FOR_IT = "现在没有等着盖章的反馈表，这份文件没有保存。请先发“核对”，确认以后再发扫描件。"


TROUBLE = {
    TOO_MANY_PIXELS: "这张图片的尺寸太大，没有保存。请用手机重新拍一张，或截小一些再发。",
    TWO_THINGS: "这个文件里还夹着别的内容，没有保存。请直接拍照，或重新扫描成 PDF 再发。",
}


def known(what: str) -> str:
    return f"这份刚才已经收到过了{f'，记的是{what}' if what else ''}，没有重复保存。"


def too_many(limit: int) -> str:
    return f"一个单位最多收 {limit} 份扫描件。请合成一个 PDF 再发；要重来，发“清空扫描件”。"


def received(name: str, pages: int, unsorted: int) -> str:
    told = f"，{pages}页" if pages > 1 else ""
    several = f"（共 {unsorted} 份还没说是什么，一起选）" if unsorted > 1 else ""
    return f"收到**{name}**的扫描件{told}，已加密保存。这是什么？{several}"


def what_is_it(name: str, unsorted: int) -> str:
    return f"**{name}**有 {unsorted} 份扫描件还没说是什么："


CHOICES = {"scan.table": "盖章的反馈表", "scan.pledges": "签字的承诺书", "scan.both": "两样都有"}
"""What a scan may be, as its buttons say it."""
SHORT = {"反馈表": "scan.table", "承诺书": "scan.pledges", "都有": "scan.both", "两样都有": "scan.both"}
"""How it is typed behind 扫描件."""


def sorted_as(name: str, what: str, count: int) -> str:
    return f"记下了：{f'{count} 份都是' if count > 1 else ''}**{name}**{CHOICES[what]}。"


MIXED = "承诺书上有身份证号，这份不会在聊天里转发，上级在这里看不到盖章页。建议把盖章的反馈表单独再拍一张发来。"
STAMPED = "状态已改为**已盖章**，可以上报了。还有没发完的，先接着发。"
TABLE_MISSING = "还差盖章的反馈表。"


def listed(name: str, tables: int, pledges: int, both: int, unsorted: int, pages: int) -> str:
    parts = [("盖章的反馈表", tables), ("签字的承诺书", pledges), ("两样都有", both), ("还没说是什么", unsorted)]
    told = "，".join(f"{label} {count} 份" for label, count in parts if count)
    total = f"（共 {pages} 页）" if pages else ""
    return f"**{name}**收到的扫描件：{told or '还没有'}{total}。"


SEND_THEM = "盖章后拍照或扫描成 PDF，直接在这里发给我。"
CLEAR = "清空扫描件"


def cleared(name: str, count: int) -> str:
    return f"**{name}**的 {count} 份扫描件都不算数了，请重新发。" if count else f"**{name}**还没有扫描件。"


def no_more(name: str, at: str) -> str:
    return f"**{name}**的反馈表{at}，扫描件不能再改。要改请上级退回。"


GONE = "没有找到这份扫描件，可能已经清空了。发“扫描件”看现在有哪些。"
