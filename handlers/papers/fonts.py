"""Which font file pictures are written in: the one the operator names, else one of the usual Chinese ones.

Only looks at files; the operator's choice is told at the start (`prefer`). Must not know what is drawn.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/X11R6/lib/X11/fonts",
    "/opt/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
# Beginnings of file names in lower case, the best first: 思源, 文泉驿, 雅黑, 黑体, those of 麒麟, 统信, macOS, 宋体.
_KNOWN = (
    "notosanscjk-regular",
    "notosanscjksc-regular",
    "notosanssc-regular",
    "notosanssc",
    "notosanscjk-vf",
    "sourcehansanscn-regular",
    "sourcehansanssc-regular",
    "sourcehansans-regular",
    "sourcehansans",
    "wqy-microhei",
    "wqy-zenhei",
    "msyh",
    "simhei",
    "fzheitk",
    "fzhtk",
    "fzhei",
    "hyqihei",
    "pingfang",
    "hiragino sans gb",
    "stheiti",
    "droidsansfallback",
    "simsun",
    "notoserifcjk-regular",
    "sourcehanserif",
    "uming",
)
_ENDINGS = (".ttf", ".ttc", ".otf", ".otc")
_chosen: list[Path] = []
INSTALL = "fonts-noto-cjk"
"""The package that brings one."""


def prefer(file: Path | None) -> None:
    """The operator's choice; None leaves it to what is there."""
    _chosen[:] = [file] if file else []


def found() -> Path | None:
    """The font pictures are written in; None where this machine has none."""
    if _chosen:
        return _chosen[0] if _chosen[0].is_file() else None
    return _installed()


def bold(regular: Path) -> Path:
    """Its bold sister where there is one, else itself."""
    sister = regular.with_name(regular.name.replace("Regular", "Bold"))
    return sister if sister.is_file() else regular


@cache
def _installed() -> Path | None:
    return best(file for folder in _FOLDERS for file in Path(folder).expanduser().rglob("*"))


def best(files: Iterable[Path]) -> Path | None:
    """The best known of these."""
    fonts = sorted(file for file in files if file.suffix.lower() in _ENDINGS)
    for known in _KNOWN:
        for font in fonts:
            if font.name.lower().startswith(known):
                return font
    return None
