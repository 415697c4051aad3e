"""The Chinese of the roster workbook: its sheets and columns, and the names of roles and kinds of units.

Must not know the file nor how it is read; whoever shows a role or a kind to people takes its name here.
"""

import re
from functools import lru_cache

from storage.rows import Role, UnitKind

UNIT_SHEET, PEOPLE_SHEET, GUIDE_SHEET = "单位", "人员", "说明"
UNIT_COLUMNS = ("单位编码", "单位名称", "上级编码", "单位类别", "区划代码")
PEOPLE_COLUMNS = ("工号", "姓名", "单位编码", "角色", "手机号", "账号")
WITHOUT_ACCOUNT = "无"
ACCOUNT_WORDS = {"": True, "有": True, "是": True, WITHOUT_ACCOUNT: False, "没有": False, "否": False}
"""Has somebody an account on the platform; others fill in for those who have none (代填)."""
# A row whose first cell begins so is an example, as in the notice's own table; it is not imported.
EXAMPLE = "例"

ROLE_NAMES: dict[Role, str] = {
    Role.STAFF: "工作人员",
    Role.UNIT: "联络员",
    Role.COUNTY: "区县大数据中心",
    Role.CITY: "市大数据局",
}
KIND_NAMES: dict[UnitKind, str] = {
    UnitKind.CITY: "市",
    UnitKind.CITY_BODY: "市级单位",
    UnitKind.COUNTY: "县(市、区)",
    UnitKind.WORKING_GROUP: "防控办及工作组(专班)",
    UnitKind.AGENCY: "涉疫单位",
    UnitKind.AFFILIATE: "下属单位",
    UnitKind.TOWNSHIP: "乡镇(街道)",
    UnitKind.VILLAGE: "村(社区)",
}
ROLE_WORDS: dict[str, Role] = {name: role for role, name in ROLE_NAMES.items()} | {
    "单位联络员": Role.UNIT,
    "县级管理员": Role.COUNTY,
    "市级管理员": Role.CITY,
}
KIND_WORDS: dict[str, UnitKind] = {name: kind for kind, name in KIND_NAMES.items()} | {
    "区县": UnitKind.COUNTY,
    "县": UnitKind.COUNTY,
    "区": UnitKind.COUNTY,
    "工作组": UnitKind.WORKING_GROUP,
    "专班": UnitKind.WORKING_GROUP,
    "防控办": UnitKind.WORKING_GROUP,
    "乡镇": UnitKind.TOWNSHIP,
    "街道": UnitKind.TOWNSHIP,
    "村": UnitKind.VILLAGE,
    "社区": UnitKind.VILLAGE,
}

_BETWEEN_ROLES = re.compile(r"[、,，;；/\s]+")


def role_names(roles: frozenset[Role]) -> str:
    """The roles as they stand in a cell; 工作人员, which everybody is, only where there is nothing else."""
    special = [name for role, name in ROLE_NAMES.items() if role in roles and role is not Role.STAFF]
    return "、".join(special) or ROLE_NAMES[Role.STAFF]


@lru_cache(maxsize=256)
def roles_in(text: str) -> frozenset[Role] | None:
    """The roles a cell names, 工作人员 always among them; None if a word is unknown."""
    words = [word for word in _BETWEEN_ROLES.split(text) if word]
    if not all(word in ROLE_WORDS for word in words):
        return None
    return frozenset({Role.STAFF, *(ROLE_WORDS[word] for word in words)})


def kind_in(text: str) -> UnitKind | None:
    """The kind a cell names, brackets of either width; None if the word is unknown."""
    return KIND_WORDS.get(text.replace("（", "(").replace("）", ")").replace(" ", ""))
