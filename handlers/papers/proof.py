"""What lets a paper be checked later: its code, the moment it is of, the digest of what it says.

Must not know what the paper is about nor which kind of file it becomes.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from json.encoder import encode_basestring

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Signs nobody mistakes for one another on paper."""
LENGTH = 8


class Proof:
    """Carried by a paper while it is made: the rooms tell it what they print, and it becomes the file's properties."""

    def __init__(self, *, code: str, as_of: datetime, campaign: str, unit: str) -> None:
        self.code = code
        self._about = {"as_of": as_of.isoformat(), "campaign": campaign, "unit": unit}
        self._hash = hashlib.sha256()

    def says(self, *texts: str) -> None:
        """This stands on the paper: a line of it, from cell to cell. Not the layout, nor the code itself."""
        spelled = ", ".join(map(encode_basestring, texts))  # the list as `json` writes it, which takes longer
        self._hash.update(f"[{spelled}]\n".encode("utf-8", "surrogatepass"))

    @property
    def digest(self) -> str:
        """SHA-256 of all that was said so far, hexadecimal."""
        return self._hash.hexdigest()

    @property
    def shown(self) -> str:
        """The code as it is printed: ABCD-EFGH; empty where the paper has none."""
        return spaced(self.code)

    @property
    def footer(self) -> str:
        return f"验证码 {self.shown}" if self.code else ""

    def properties(self) -> Mapping[str, str]:
        """The file's custom properties, once everything is said."""
        about = {f"zicha.{name}": text for name, text in self._about.items()}
        return {"zicha.code": self.code, **about, "zicha.digest": self.digest}


def spaced(code: str) -> str:
    half = LENGTH // 2
    return f"{code[:half]}-{code[half:]}" if len(code) == LENGTH else code


def code_of(fingerprint: str) -> str:
    """A code from a keyed fingerprint (hexadecimal): the same request has the same code, nobody can guess one."""
    number, signs = int(fingerprint, 16), []
    for _ in range(LENGTH):
        number, sign = divmod(number, len(ALPHABET))
        signs.append(ALPHABET[sign])
    return "".join(signs)


def typed(said: str) -> str:
    """The code somebody read off a paper: without the dash, in capitals."""
    return "".join(sign for sign in said.upper() if sign.isalnum())
