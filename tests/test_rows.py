"""Rows as people send them in one go: templates filled in, tables pasted, «同上，只改…»."""

from datetime import date

import pytest

from handlers.campaign import alike, loading, rows
from handlers.campaign.row_changes import group_of
from handlers.campaign.rows import Fault
from handlers.campaign.walk import Setting

CAMPAIGN = loading.load("lishui-2022-69")
GROUP = group_of(CAMPAIGN)
SETTING = Setting(today=date(2022, 5, 18), person="钱大海", unit="鹤城街道")
FULL = {"data_name": "密接人员清单", "ways": "街道发的表", "usage": "电话排摸"}


def read(text: str) -> list[dict[str, str]]:
    """The cells that hold something."""
    return [{field: words for field, words in row.items() if words} for row in rows.read(CAMPAIGN, text)]


HEADED = "数据名称：密接人员清单\n采集、共享、传输方式：街道发的表\n应用场景及数据使用范围：电话排摸"


@pytest.mark.parametrize(
    "text",
    [
        HEADED,
        HEADED.replace("：", ":"),
        HEADED.replace("：", " ： "),
        HEADED.replace("\n", "\n\n"),
        HEADED.replace("\n", "\r\n"),
        HEADED.replace("\n", " "),
        HEADED.replace("数据名称", "【数据名称】").replace("采集、共享、传输方式", "[采集、共享、传输方式]"),
        HEADED.replace("数据名称", "**数据名称**"),
        HEADED.replace("数据名称", "1. 数据名称").replace("采集", "2、采集").replace("应用", "（3）应用"),
        HEADED.replace("数据名称", "名称")
        .replace("采集、共享、传输方式", "来源")
        .replace("应用场景及数据使用范围", "用途"),
        HEADED.replace("采集、共享、传输方式", "采集方式").replace("应用场景及数据使用范围", "应用场景"),
        "\n".join(reversed(HEADED.split("\n"))),
        "请按下面填写\n" + HEADED + "\n---\n\n想在表格里填，发“导出 我的表”，填好把文件发回来。",
        "第1份\n" + HEADED,
        HEADED + "\n存在安全问题或风险：\n整改落实情况：\n联系人及联系方式：\n",
        "单位名称：鹤城街道\n" + HEADED,
        "密接人员清单\t街道发的表\t电话排摸",
        "密接人员清单\t街道发的表\t电话排摸\t\t\t",
        "鹤城街道\t密接人员清单\t街道发的表\t电话排摸\t\t\t",
        "数据名称\t采集、共享、传输方式\t应用场景及数据使用范围\n密接人员清单\t街道发的表\t电话排摸",
        "应用场景\t序号\t数据名称\t来源\n电话排摸\t1\t密接人员清单\t街道发的表",
        HEADED + "\n---\n" + HEADED,
        HEADED.replace("：", "\n：　"),
        HEADED.replace("\n", "；") + "；",
    ],
)
def test_one_row_however_it_is_written(text: str) -> None:
    assert rows.looks_filled(CAMPAIGN, text)
    assert read(text) == [FULL]


@pytest.mark.parametrize(
    "between",
    ["\n---\n", "\n\n", "\n——————\n", "\n第2份\n", "\n第二份数据：\n", "\n2、\n", "\n数据2\n", "\n", "\n\n第2份："],
)
def test_two_rows_however_they_are_parted(between: str) -> None:
    second = HEADED.replace("密接", "次密接")
    assert read(HEADED + between + second) == [FULL, {**FULL, "data_name": "次密接人员清单"}]


def test_a_row_without_a_name_is_still_a_row_of_its_own() -> None:
    assert read("用途：甲\n来源：乙\n\n数据名称：丙\n来源：丁\n用途：戊") == [
        {"usage": "甲", "ways": "乙"},
        {"data_name": "丙", "ways": "丁", "usage": "戊"},
    ]


def test_a_value_of_several_lines_is_one() -> None:
    assert read("数据名称：甲\n来源：街道发的表\n微信群传\n用途：排摸；\n录入")[0] == {
        "data_name": "甲",
        "ways": "街道发的表；微信群传",
        "usage": "排摸；录入",
    }


def test_a_cell_of_several_lines_in_a_pasted_table_is_one() -> None:
    assert read('甲\t"街道发的表\n微信群传"\t排摸') == [
        {"data_name": "甲", "ways": "街道发的表 微信群传", "usage": "排摸"}
    ]


def test_the_notices_own_examples_are_no_rows() -> None:
    (_, *cells), _ = CAMPAIGN.feedback_table.examples
    pasted = "\t".join(["例：XX街道", *cells]) + "\n鹤城街道\t密接人员清单\t街道发的表\t电话排摸\t\t\t"
    assert read(pasted) == [FULL]
    columns = [column.name for column in GROUP.columns] if GROUP else []
    headed = "\n".join(f"{name}：{cell}" for name, cell in zip(columns, cells, strict=True))
    assert read(f"{headed}\n---\n{HEADED}") == [FULL]
    assert read(f"例：XX街道\n{HEADED}") == [FULL]
    assert read(HEADED.replace("数据名称：", "数据名称：例：次密接\n---\n数据名称：")) == [FULL]


@pytest.mark.parametrize(
    "said",
    [
        "密接人员清单",
        "2",
        "街道发的表，微信群传，给6个网格员打电话用",
        "数据名称：密接人员清单",
        "用途：流调录入",
        "上级下发\n微信",
    ],
)
def test_an_answer_is_no_template(said: str) -> None:
    assert not rows.looks_filled(CAMPAIGN, said)


def test_an_empty_template_holds_nothing() -> None:
    assert rows.looks_filled(CAMPAIGN, "数据名称：\n采集、共享、传输方式：\n应用场景及数据使用范围：")
    assert read("数据名称：\n采集、共享、传输方式：\n应用场景及数据使用范围：") == []


def test_what_is_missing_is_told_by_row_and_field_and_what_is_suggested_is_not_missed() -> None:
    assert GROUP is not None
    found = rows.faults(GROUP, [FULL, {"data_name": "甲" * 61, "ways": "乙"}])
    assert [(wrong.row, wrong.column.id, wrong.fault) for wrong in found] == [
        (2, "data_name", Fault.TOO_LONG),
        (2, "usage", Fault.MISSING),
    ]


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        ("与上一条相同，只改名称：次密接人员清单", {"data_name": "次密接人员清单"}),
        ("同上，只改 数据名称 次密接人员清单", {"data_name": "次密接人员清单"}),
        ("同上 只改次密接人员清单", {"data_name": "次密接人员清单"}),
        ("跟上一份一样，名称改成次密接人员清单", {"data_name": "次密接人员清单"}),
        ("与上一条相同，只改名称：甲；用途：乙", {"data_name": "甲", "usage": "乙"}),
        ("与上一条相同，只改用途：乙", {"usage": "乙"}),
        ("与上一条相同，只改数据名称为“隔离名单”，用途改成 管隔离", {"data_name": "隔离名单", "usage": "管隔离"}),
        ("同上，名称：甲，来源：系统导出，微信群传", {"data_name": "甲", "ways": "系统导出，微信群传"}),
        ("同上，用途改成排查，范围是全街道", {"usage": "排查；范围是全街道"}),
        ("同上，联系人：李四 0578-2123456", {"contact_person": "李四 0578-2123456"}),
        ("同上，联系人：李四，0578-2123456", {"contact_person": "李四，0578-2123456"}),
        ("同上", {}),
        ("和上面一样", {}),
        ("对", None),
        ("同上级下发的表", None),
        ("上级下发", None),
        ("上一步", None),
        ("同上周的名单", None),
    ],
)
def test_like_the_one_above(said: str, changed: dict[str, str] | None) -> None:
    assert GROUP is not None
    assert alike.same_but(CAMPAIGN, GROUP, said) == changed
