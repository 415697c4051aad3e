"""A campaign file to begin with: commented, loads at once. Pure; the words stand in `skeleton.toml`."""

import re
from datetime import date
from importlib import resources
from pathlib import Path


def write(name: str, id_: str, *, published: date, deadline: date) -> str:
    """The text of a new file. `name` is what the chat calls the campaign, `id_` what the database knows it by."""
    source = resources.files(__package__).joinpath("skeleton.toml").read_text(encoding="utf-8")
    blanks = {
        "NAME": name.replace("\\", "").replace('"', "").replace("{", "").replace("}", ""),
        "ID": id_,
        "PREFIX": _prefix(id_),
        "PUBLISHED": published.isoformat(),
        "DEADLINE": deadline.isoformat(),
    }
    return re.sub("@([A-Z]+)@", lambda found: blanks[found[1]], source)


def id_from(file: Path) -> str:
    """A file's name as an id: letters, digits and hyphens."""
    kept = re.sub(r"[^a-z0-9]+", "-", file.stem.casefold()).strip("-")
    return kept[:40].strip("-") or "campaign"


def _prefix(id_: str) -> str:
    """Two to four letters for the receipts."""
    letters = "".join(part[0] for part in id_.split("-") if part and part[0].isalpha()).upper()
    return (letters if len(letters) > 1 else "".join(c for c in id_ if c.isalpha())[:2].upper() or "HD")[:4]
