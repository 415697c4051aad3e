"""What happens to whole rows: one more, a copy of one, one filled at a stroke, one taken away, all replaced.

Pure functions from the path to changes of the log. Must not know what was typed.
"""

from collections.abc import Iterator, Mapping, Sequence

from handlers.campaign.answers import Change, Given
from handlers.campaign.definition import Campaign, Group, Question
from handlers.campaign.matching import plain
from handlers.campaign.shapes import When
from handlers.campaign.walk import MORE, Step, Walk

RIGHT = "right"
"""The option of a row's review that leaves it as it is."""
Texts = Mapping[str, str]
"""A row as words, by the id of the column."""


def group_of(campaign: Campaign) -> Group | None:
    """The group whose rows the paper prints; None where the campaign has no table of rows."""
    return campaign.table_group


def more(path: Walk, group: Group, row: int, word: str = MORE) -> tuple[int, tuple[Change, ...]]:
    """One more row behind the last, asked for at the review of `row`: its number, 0 where there is no room."""
    last = max(n for n, _ in path.rows())
    if last >= group.max_rows:
        return 0, ()
    if row == last:
        return last + 1, (_review(path, group, row, word),)
    reviewed = path.answers.get(f"{group.id}.{last}.{group.review.id}")
    if reviewed and not reviewed.open:
        return last + 1, (_review(path, group, row, RIGHT), _review(path, group, last, word))
    ahead = Given(values=(RIGHT,), at=path.setting.today, open=True)  # the last one has still to be looked at
    return last + 1, (
        _review(path, group, row, RIGHT),
        Change(f"{group.id}.{last + 1}.{group.review.id}", ahead),
    )


def copied(path: Walk, group: Group, source: int, target: int, changed: Texts) -> tuple[Change, ...]:
    """A row like another; the first column is left to be asked unless it is among what is `changed`."""
    first = group.columns[0]
    changes = []
    for column in group.columns:
        given = path.answers.get(f"{group.id}.{source}.{column.id}")
        if column.id in changed:
            given = answer(path, column, changed[column.id], target, aliases=True)
        elif column is first and not changed:
            given = None
        changes.append(Change(f"{group.id}.{target}.{column.id}", given))
    return tuple(changes)


def filled(path: Walk, group: Group, row: int, cells: Sequence[tuple[str, tuple[str, ...]]]) -> tuple[Change, ...]:
    """A row at a stroke."""
    at = path.setting.today
    return tuple(Change(f"{group.id}.{row}.{column}", Given(values=values, at=at)) for column, values in cells)


def without(path: Walk, group: Group, row: int) -> tuple[Change, ...]:
    """Takes a row away; those behind it move up."""
    last = max(n for n, _ in path.rows())
    names = [question.id for question in (*group.columns, group.review, group.fix)]
    changes: list[Change] = []
    for n in range(row, last + 1):
        following = {name: path.answers.get(f"{group.id}.{n + 1}.{name}") for name in names} if n < last else {}
        changes += [Change(f"{group.id}.{n}.{name}", following.get(name)) for name in names]
    if last > 1:
        changes.append(_review(path, group, last - 1, RIGHT))
    return tuple(changes)


def replaced(path: Walk, group: Group, rows: Sequence[Texts]) -> tuple[Change, ...]:
    """These rows instead of those there were. A row with a gap is asked about."""
    changes: list[Change] = []
    before = max((n for n in range(1, group.max_rows + 1) if _begun(path, group, n)), default=0)
    for n in range(1, max(before, len(rows)) + 1):
        texts = rows[n - 1] if n <= len(rows) else {}
        complete = True
        for column in group.columns:
            text = texts.get(column.id, "")
            given = answer(path, column, text, n) if text else None
            complete = complete and (given is not None or bool(column.suggest))
            changes.append(Change(f"{group.id}.{n}.{column.id}", given))
        word = MORE if n < len(rows) else RIGHT
        review = Given(values=(word,), at=path.setting.today, open=not complete) if n <= len(rows) else None
        changes.append(Change(f"{group.id}.{n}.{group.review.id}", review))
        changes.append(Change(f"{group.id}.{n}.{group.fix.id}", None))
    return tuple(changes)


def answer(path: Walk, column: Question, text: str, row: int, *, aliases: bool = False) -> Given | None:
    """Words for a cell as its answer: an offered option where they are exactly one (or another name of it, with
    `aliases`), what was given before where they are the same, None where they are what would be suggested anyway."""
    bare, at = plain(text), path.setting.today
    for given, shown, asked in _before(path, column):
        if bare == plain(shown):
            return given if asked else None
    for option in column.options if column.kind == "choice" else ():
        whole = "；".join([option.label, *path.suggested(column.suffix, row)])
        names = [option.label, whole, *(option.aliases if aliases else ())]
        if bare in map(plain, names) and not option.write:
            return Given(values=(option.id,), at=at)
    if column.suggest and bare == plain("；".join(path.suggested(column.suggest, row))):
        return None
    return Given(values=(f"={text}",), at=at)


def _before(path: Walk, column: Question) -> Iterator[tuple[Given, str, bool]]:
    """The cells of a column as they are: a number given there is sealed and shown masked, and stays what it is."""
    for step in path.steps:
        if step.question is column and step.given is not None and not step.given.open:
            yield step.given, path.cell(column.id, step.row), step.asked


def begun(path: Walk, group: Group) -> list[int]:
    """The rows on the path in which something was answered: the last one may only just have been reached."""
    return [row for row, _ in path.rows() if _begun(path, group, row)]


def _begun(path: Walk, group: Group, row: int) -> bool:
    return any(f"{group.id}.{row}.{question.id}" in path.answers for question in (*group.columns, group.review))


def _review(path: Walk, group: Group, row: int, word: str) -> Change:
    return Change(f"{group.id}.{row}.{group.review.id}", Given(values=(word,), at=path.setting.today))


def against(path: Walk, group: Group) -> list[Step]:
    """The answers by which there are no rows at all; empty where there are."""
    if path.holds(group.when):
        return []
    names = _deciding(path.campaign, group.when)
    return [step for step in path.steps if step.question.id in names and step.given and not step.given.open]


def _deciding(campaign: Campaign, when: When) -> set[str]:
    """The questions a condition looks at."""
    found: set[str] = set()
    for alternative in when:
        for name, wanted in alternative.items():
            if name == "is":
                found |= {q for condition in wanted for q in _deciding(campaign, campaign.conditions[condition])}
            else:
                found.add(name)
    return found
