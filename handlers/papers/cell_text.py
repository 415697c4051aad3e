"""Texts as cells hold them: what a workbook can carry, and what people meant by what they typed.

Must not know which column a text stands in nor what becomes of it.
"""

import re
import unicodedata

# What XML 1.0 cannot carry; openpyxl raises on some of these and writes an unreadable file for the others.
_ILLEGAL = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Excel reads _x0041_ as an escaped character: the underscore of such a text has to be escaped itself.
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
# Full-width letters, digits and signs as an input method leaves them: U+FF01 to U+FF5E.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_HALF_WIDTH_ALNUM = {full: half for full, half in _HALF_WIDTH.items() if chr(half).isalnum()}
_HAN = "[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
# 张　三 is 张三: names of two characters are spread out to line up with those of three.
_GAP_IN_CHINESE = re.compile(rf"(?<={_HAN}) (?={_HAN})")
# A number as a narrow column shows it; whoever copies that into text has lost digits.
_SHORTENED = re.compile(r"(\d)\.(\d+)[Ee]\+(\d{1,2})")
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_STARRED = re.compile(r"\d{1,4}[\d-]*\*{2,}-?\d{2,4}")
_LANDLINE = re.compile(r"(0(?:10|2\d|[3-9]\d\d))?-?([2-9]\d{6,7})(?:-(\d{1,6}))?")


def legal_text(text: str) -> str:
    """The text without what a workbook cannot carry."""
    if text.isprintable() and "_x" not in text:
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _LOOKS_ESCAPED.sub("_x005F_", _ILLEGAL.sub("", text))


def unescaped(text: str) -> str:
    """The text behind Excel's escapes: _x000D_ is a carriage return, _x005F_ an underscore."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def clean_name(text: str) -> str:
    """A name without invisible characters, stray spaces and full-width letters or digits."""
    text = " ".join(_visible(text).split())
    return _GAP_IN_CHINESE.sub("", text.translate(_HALF_WIDTH_ALNUM))


def clean_code(text: str) -> str:
    """A code or number: no spaces at all, everything half-width."""
    if text.isascii() and text.isalnum():
        return text
    return "".join(_visible(text).split()).translate(_HALF_WIDTH)


def _visible(text: str) -> str:
    """Without control, bidi and zero-width characters; line breaks and tabs become spaces."""
    if text.isprintable():
        return text
    kept = (" " if char in "\t\n\r" else char for char in text)
    return "".join(char for char in kept if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Cn"})


def unshortened(code: str) -> str | None:
    """The number behind 1.23E+10 if no digit is lost, else None; other codes as they are."""
    shortened = _SHORTENED.fullmatch(code)
    if shortened is None:
        return code
    whole, fraction, power = shortened[1], shortened[2], int(shortened[3])
    return whole + fraction if len(fraction) == power else None


def clean_phone(text: str) -> str | None:
    """The phone number as it is kept, empty for none, None if it is no mobile or landline number."""
    digits = unshortened(clean_code(text))
    if not digits:
        return digits
    digits = digits.replace("(", "").replace(")", "-")
    if mobile := _MOBILE.fullmatch(digits.replace("-", "")):
        return mobile[1]
    if landline := _LANDLINE.fullmatch(digits):
        return "-".join(part for part in landline.groups() if part)
    return None


def masked_phone(phone: str) -> str:
    """A number as it is shown in files sent by chat: 199****0001, 05****34."""
    head, tail = (3, 4) if len(phone) > 8 else (2, 2)
    return f"{phone[:head]}****{phone[-tail:]}" if phone else ""


def starred_phone(text: str) -> str | None:
    """A number that was masked and came back as it was; None for anything else."""
    code = clean_code(text)
    return code if _STARRED.fullmatch(code) else None
