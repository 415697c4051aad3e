"""What is said about files: that one was taken, was lost, is too large, or is of a kind nobody reads."""

TAKEN = "收到，正在看。"
TAKEN_WITHOUT_WORDS = "图片收到，正在看。和图片写在一起的字没有看，要回答请单独发一次。"
LOST = "刚才的文件没有取到，我这里没有保存。请再发一次。"


def broken(reference: str) -> str:
    return f"这份文件我没能读出来，没有保存。请检查后再发一次；还是不行就把这个编号告诉联络员：{reference}。"


def too_large(limit_mb: int) -> str:
    return f"文件超过 {limit_mb} MB，我没有保存。照片请发普通质量，PDF 请分成几份或者降低清晰度再发。"


def unreadable(kind: str, tables: bool, scans: bool) -> str:
    """A file of a kind that is not read; says what is, for this person now."""
    takes = ["填好的 .xlsx 表格（不加密码）"] if tables else []
    takes += ["照片（JPG、PNG）或 PDF 扫描件"] if scans else []
    what = _KINDS.get(kind, "这种文件")
    if not takes:
        return f"{what}我没有保存，这里现在不用发文件。"
    return f"{what}这里用不上，没有保存。{_HINTS.get(kind, '')}现在可以发{'，或者'.join(takes)}。"


_KINDS = {
    "old office": "旧版或加了密码的办公文件",
    "other picture": "这种格式的图片",
    "xlsx": "表格",
    "pdf": "PDF ",
    "jpeg": "照片",
    "png": "图片",
}
_HINTS = {
    "other picture": "请用手机重新拍照，或者截图再发。",
}
