"""Others' words as nothing but words: no markup, no link, no picture comes through, whatever chat shows them.

The signs are replaced by their full-width twins, which read the same. Pure; must not know whose words they are.
"""

import re

_MARKUP = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in "[]*`<>#_!|~\\"})
# what a chat makes a link of by itself: an address with its scheme, www., or a name that ends like one of the web
_LINK = re.compile(
    r"(?i)[a-z][a-z0-9+.-]*:/+"
    r"|:/+"
    r"|(?:javascript|data|mailto|tel|dtmd|dingtalk):"
    r"|www\."
    r"|\.(?=(?:com|cn|net|org|gov|edu|io|top|xyz|cc|info|vip|site)(?![a-z0-9]))"
)
_TWINS = str.maketrans({":": "：", ".": "．", "/": "／"})


def inert(text: str) -> str:
    """The same words; of most texts the very same."""
    if text.isalnum():
        return text
    return _LINK.sub(lambda found: found[0].translate(_TWINS), text.translate(_MARKUP))
