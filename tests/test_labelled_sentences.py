"""How well the guard tells: a labelled set, half of it traps; sets it was not fitted to; and time that only grows with
the length."""

import time
from collections import Counter

import pytest

from handlers.leak_guard import look
from tests.labelled import measure, sentences

FIRST_LOOK = {"held_out.tsv": (0.99, 0.93), "fresh.tsv": (0.94, 0.97)}
"""Precision and recall when each was looked at for the first time: 1.000 and 0.936 (73 of 78 found, no alarm in 73),
then, after the guard had learnt more kinds, 0.943 and 0.971 (33 of 34, 2 alarms in 32). Since then it has been mended
where it had erred, so what they give today is no measure any more; it must not get worse than it was."""


def test_the_labelled_set_is_large_and_even() -> None:
    kinds = Counter(one.kind for one in sentences("sentences.tsv"))
    assert sum(kinds.values()) >= 400
    assert kinds["ok"] >= sum(kinds.values()) / 2
    assert set(kinds) == {"ok", "id", "phones", "passport", "card", "password", "marking", "persons"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_precision_and_recall_on_the_labelled_set(seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    measured = measure(sentences("sentences.tsv", seed))
    with capsys.disabled():
        print(f"\nleak guard, labelled set: {measured}")
    assert measured.precision >= 0.99, str(measured)
    assert measured.recall >= 0.99, str(measured)


@pytest.mark.parametrize("name", FIRST_LOOK)
def test_precision_and_recall_on_sets_it_was_not_fitted_to(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    measured = measure(sentences(name))
    with capsys.disabled():
        print(f"\nleak guard, {name}: {measured}")
    precision, recall = FIRST_LOOK[name]
    assert measured.precision >= precision, str(measured)
    assert measured.recall >= recall, str(measured)


NASTY = [
    "1 ",
    "1",
    "33250119900307084",
    "3 3 2 5 0 1 1 9 9 0 0 3 0 7 0 8 4 ",
    "张三、",
    "确诊张三 ",
    "王三\n",
    "王",
    "E1234567 ",
    "一、二、",
    "密码:",
    "密码 ",
    "密码是是是",
    "机密文件",
    "无机密文件",
    "秘密 ",
    "护照",
    "卡号 6",
    "（秘密",
    "住址 1幢 ",
    "\u200b",
    "１２３ ",
    "通行证E",
]


@pytest.mark.parametrize("piece", NASTY)
def test_time_grows_with_the_length_and_no_faster(piece: str) -> None:
    """Four times the text takes about four times as long; a catastrophic expression would take sixteen and more."""

    def cost(length: int) -> float:
        text = (piece * length)[:length]
        best = 9.0
        for _ in range(2):
            begun = time.thread_time()
            look(text)
            best = min(best, time.thread_time() - begun)
        return best

    short, long = cost(5_000), cost(20_000)
    assert long < max(0.1, 10 * short)
    assert cost(10_000) < 3.0
