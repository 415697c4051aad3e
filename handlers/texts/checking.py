"""What is said about spot checks: publishing the population, the seed, who was drawn, and asking once more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from handlers.texts.plain import day, quote

OF = {"unit": "单位", "person": "人员"}
_MEASURE = {"unit": "个单位", "person": "人"}
SHOWN = 30

HOW = (
    "抽查可以这样说：\n"
    "- **抽查 单位 10**、**抽查 人员 5%**、**抽查 莲都区 人员 20**：先把名册固定下来，公布校验值\n"
    "- **抽查 1 种子 数字**：定种子，名单就出来；不用外部数字，发 **抽查 1 开始**\n"
    "- **抽查 1 加 5**：再加抽，原来抽到的不变\n"
    "- **抽查 1**：看结果；**抽查 1 催办**：提醒还没答复的；**抽查 记录**：看全部抽查"
)
NO_CHAPTER = "这次活动没有设抽查。要用的话，请管理员在活动配置里加上抽查这一章。"
NOBODY = "这个范围里没有可以抽的。换一个范围，例如“抽查 人员 20”。"
PRIVATE = "抽查的内容只在单聊里看，已经私聊发给您。"
UNKNOWN = "没有找到这次抽查。发“抽查 记录”看都有哪些。"
BAD_SIZE = "没看懂要抽多少。写一个数或百分数，例如“抽查 人员 20”“抽查 单位 5%”。"
BAD_SEED = "种子写成一行，只用文字、数字、空格和 . - : / ，最长100字，例如“抽查 1 种子 3186.43”。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A draw in the figures that are public."""

    number: int
    scope: str
    of: str
    whole: int
    size: int
    digest: str
    seed: str
    at: str
    by: str

    @property
    def what(self) -> str:
        return f"{self.scope}，名册 {self.whole} {_MEASURE[self.of]}，抽 {self.size} {_MEASURE[self.of]}"


def published(sample: Sample, source: str) -> str:
    return (
        f"**抽查 {sample.number}** 的名册已经固定：{sample.what}。\n\n"
        f"名册校验值（SHA-256）：\n\n> {sample.digest}\n\n"
        f"下一步定种子：{source}。等数字出来，回复“抽查 {sample.number} 种子 数字”；"
        f"不用外部数字，回复“抽查 {sample.number} 开始”。"
        f"种子定了，名单就定了，同一份名册不能再抽一次。名册可以发“导出 抽查名册 {sample.number}”留存。"
    )


def published_to_others(sample: Sample, source: str) -> str:
    return (
        f"{sample.by}组织**抽查 {sample.number}**：{sample.what}。名册已经固定，校验值（SHA-256）：\n\n"
        f"> {sample.digest}\n\n种子：{source}。请留存这条消息，抽完可以用它核对。"
    )


def drawn_to_others(sample: Sample) -> str:
    return (
        f"**抽查 {sample.number}** 已经抽取：{sample.what}。种子：**{quote(sample.seed)}**。"
        f"要核对，发“导出 抽查名册 {sample.number}”拿到名册，用公布的方法重算。"
    )


def extended_to_others(sample: Sample) -> str:
    return f"**抽查 {sample.number}** 加抽，现在共抽 {sample.size} {_MEASURE[sample.of]}，原来抽到的不变。"


def drawn_before(sample: Sample) -> str:
    """The same population once more."""
    more = f"要多抽几个，发“抽查 {sample.number} 加 5”，原来抽到的不变。"
    if not sample.seed:
        return (
            f"这份名册已经在**抽查 {sample.number}** 里固定了（{sample.what}），还没有定种子。"
            f"请接着发“抽查 {sample.number} 种子 数字”或“抽查 {sample.number} 开始”。{more}"
        )
    return f"这份名册已经抽过：**抽查 {sample.number}**（{sample.what}），不能重抽。{more}"


def seeded_before(sample: Sample) -> str:
    fixed = f"**抽查 {sample.number}** 的种子已经定了：**{quote(sample.seed)}**"
    return f"{fixed}，不能改。发“抽查 {sample.number}”看结果。"


def all_drawn(sample: Sample) -> str:
    return f"**抽查 {sample.number}** 已经把名册上的 {sample.whole} {_MEASURE[sample.of]}全部抽到了，没有可以加的。"


def enlarged(sample: Sample) -> str:
    """Before the seed is named."""
    return f"好的，**抽查 {sample.number}** 定了种子以后抽 {sample.size} {_MEASURE[sample.of]}。"


# ---------------------------------------------------------------- results


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One that was drawn, as the checkers see it."""

    place: int
    name: str
    state: str


WAITING_ANSWER = "等待答复"
NO_ANSWER = "没有答复"
NOT_HANDED_IN = "还没提交自查，没有可比的"
NO_ACCOUNT = "没有账号，请当面核对"
GONE = "已不在名册，请当面核对"
NOT_ASKED = "没有发问"
FITS = "一致"
TO_CHECK = "待现场检查"
NOTHING_FOUND = "检查过，未发现问题"
WITHOUT_SEED = "只公布了名册，没有抽取"


def differs(labels: Sequence[str]) -> str:
    return f"不一致：{'、'.join(labels)}"


def found(count: int) -> str:
    return f"发现问题 {count} 条"


def summary(sample: Sample) -> str:
    seed = f"种子 **{quote(sample.seed)}**" if sample.seed else WITHOUT_SEED
    return f"**抽查 {sample.number}**（{sample.at}，{sample.by}）\n\n{sample.what}；{seed}\n\n> {sample.digest}"


def result(sample: Sample, lines: Sequence[Line], kinds: Sequence[tuple[str, int]], answered: int) -> str:
    told = [summary(sample), ""]
    if sample.of == "person" and lines:
        told.append(f"已答复 {answered} 人，共 {len(lines)} 人。")
        told += [f"- {label}：{count} 人" for label, count in kinds]
        told.append("")
    told += [f"- {sample.number}-{line.place}　{line.name}：{line.state}" for line in lines[:SHOWN]]
    if len(lines) > SHOWN:
        told.append(f"- 另有 {len(lines) - SHOWN} 个，发“导出 抽查名单 {sample.number}”看全部")
    if lines:
        first = f"{sample.number}-{lines[0].place}"
        told.append(f"\n记录问题：“发现 {first}：……限6月5日”；没有问题：“发现 {first}：未发现问题”。")
    return "\n".join(told)


def next_steps(number: int, *, people: bool) -> list[tuple[str, str]]:
    """The buttons below a result: label and what each says."""
    remind = [("催办", f"抽查 {number} 催办")] if people else []
    return [*remind, ("导出名单", f"导出 抽查名单 {number}"), ("导出名册", f"导出 抽查名册 {number}")]


def records(samples: Sequence[Sample]) -> str:
    if not samples:
        return f"还没有抽查记录。\n\n{HOW}"
    lines = [
        f"- **抽查 {s.number}**　{s.at}　{s.by}：{s.what}；"
        f"{f'种子 {quote(s.seed)}' if s.seed else WITHOUT_SEED}；校验值 {s.digest[:16]}"
        for s in samples
    ]
    return "\n".join(["全部抽查，包括没有抽完的：", *lines])


def reminded(sent: int, again: int) -> str:
    if not sent and not again:
        return "没有需要提醒的人。"
    if not sent:
        return "还没答复的今天都提醒过了，每人每天最多一次。"
    return f"已提醒 {sent} 人，到工作时间发给他们。" + (f"另有 {again} 人今天提醒过了。" if again else "")


# ---------------------------------------------------------------- asking once more

POPULATION = "抽查名册"
TITLE = "复核"
BEGIN = "开始"


def title(number: int, question: str) -> str:
    """What the notification shows, and how a question asked once more is told from one of the self-check."""
    return f"{TITLE} {number}：{question}"


def reminder(by: str, until: date) -> str:
    return f"您好，{by}的抽查还差您的答复，{day(until)}前答完就行，大约1分钟。"


INTRO = "请按实际情况再答一次，不用看原来怎么填的。"
THANKS = "答完了，谢谢您配合。"
THANKS_CHANGED = (
    "答完了，谢谢您配合。有的地方和您提交的自查不一样，如果是当时漏了，发“修改”补上就行；已经提交的内容没有变。"
)


def over(until: date) -> str:
    return f"这次抽查的答复时间到{day(until)}为止，已经结束了，不用再答。"


ANSWERED_BEFORE = "这次抽查您已经答完了，不用再答，谢谢。"
NOT_DRAWN = "目前没有需要您复核的。自己的自查发“进度”看。"


def paused(until: date) -> str:
    return f"好的，先放着。{day(until)}前发“复核”接着答。"


def all_answered(number: int) -> str:
    return f"**抽查 {number}** 抽到的人都答复了。发“抽查 {number}”看结果。"
