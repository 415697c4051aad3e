"""What is wrong with a campaign file although its shape is right: names that point nowhere, doubles, blanks that do not
exist, conditions on what is asked later. Each a line that names the table and the mend.
"""

from collections.abc import Iterator, Sequence
from string import Formatter

from handlers.campaign import reminding
from handlers.campaign.bearing import blanks, needs, needs_name
from handlers.campaign.chapters import UNIT_FIELD
from handlers.campaign.definition import Campaign, Group, Question
from handlers.campaign.shapes import Dated, When

_SAID = frozenset({"person", "unit", "today", "deadline", "soon"})
_COUNTED = frozenset({"expected", "finished", "nil"})
_MOST_ID = 40
_NOT_ANSWERS = frozenset({"area", "filled", "is"})
"""What the keys of a condition say besides answers (`shapes.When`)."""


def problems(campaign: Campaign) -> list[str]:
    """All of them, in the order of the file."""
    looks = (_head, _questions, _order, _revisions, _pledge, _table, _reminders, _risks)
    return [problem for look in looks for problem in look(campaign)]


def _head(campaign: Campaign) -> Iterator[str]:
    if len(campaign.id) > _MOST_ID or not all(c.isascii() and (c.isalnum() or c in "-_") for c in campaign.id):
        yield f"[id] «{campaign.id}»: use at most {_MOST_ID} letters a-z, digits and hyphens"
    if campaign.deadline < campaign.published:
        yield f"[deadline] {campaign.deadline} is before published = {campaign.published}; move one of them"
    if not campaign.manners.from_ < campaign.manners.until:
        yield "[manners] from must be earlier than until"
    yield from _twice("areas", [area.id for area in campaign.areas])
    yield from _blanks("intro", campaign.intro, _SAID)


def _questions(campaign: Campaign) -> Iterator[str]:
    names = {*campaign.by_id, *campaign.derived}
    groups = [entry for entry in campaign.questions if isinstance(entry, Group)]
    yield from _twice(
        "questions", [group.id for group in groups] + [q.id for q in campaign.singles if q.id in {g.id for g in groups}]
    )
    for question in campaign.singles:
        owner = f"questions.{question.id}"
        yield from _twice(f"{owner}.options", [option.id for option in question.options])
        yield from _twice(f"{owner}.options", [option.label for option in question.options], what="label")
        for text in _texts(question):
            yield from _blanks(owner, text, names | _SAID)
            yield from _of_another_row(campaign, question, owner, text)
        for option in question.options:
            if option.named_by and option.named_by not in campaign.by_id:
                yield f"[{owner}] named_by: no question is called «{option.named_by}»"
        if question.help == "classes" and not campaign.data_classes:
            yield f'[{owner}] help = "classes" shows the tables [[data_classes]], of which there are none; add some'
        if question.kind == "id_number" and not campaign.has_pledge:
            yield f"[{owner}] asks for an identity number, which is only taken to sign; add a table [pledge]"
        if question.show_pledge and not campaign.has_pledge:
            yield f"[{owner}] show_pledge: there is no table [pledge]; add one, or take show_pledge away"
    for name in campaign.derived:
        if name in campaign.by_id:
            yield f"[derived.{name}] a question is called «{name}» too; a condition could mean either, rename one"
    for name in sorted(_NOT_ANSWERS & names):
        yield f"«{name}» is no name for a question or a derived list: in a condition it means something else; rename it"
    for name, derived in campaign.derived.items():
        for other in (derived.of, *derived.minus):
            if other not in names:
                yield f"[derived.{name}] no question or derived list is called «{other}»"


def _texts(question: Question) -> list[str]:
    shown = [question.ask, *(variant.ask for variant in question.variants)]
    shown += [part.text for part in (*question.suggest, *question.suffix)]
    return shown if question.help == "classes" else [*shown, question.help]


def _of_another_row(campaign: Campaign, question: Question, owner: str, text: str) -> Iterator[str]:
    for name in blanks(text):
        group = campaign.group_of.get(name)
        if group is not None and campaign.group_of.get(question.id) is not group:
            yield f"[{owner}] {{{name}}} belongs to a row of «{group.id}»; only the columns of that table can show it"


# ---------------------------------------------------------------- the order of asking


def _order(campaign: Campaign) -> Iterator[str]:
    """A condition sees only what has been asked before."""
    place = {question.id: number for number, question in enumerate(campaign.singles)}
    for entry in campaign.questions:
        first = entry.columns[0] if isinstance(entry, Group) and entry.columns else entry
        if isinstance(first, Question):
            yield from _later(campaign, entry.id, "when", entry.when, place[first.id], place)
    for question in campaign.singles:
        here = place[question.id]
        if question.id in campaign.group_of:
            yield from _later(campaign, question.id, "when", question.when, here, place)
        for what, parts in (
            ("variants", question.variants),
            ("options", question.options),
            ("suggest", question.suggest),
        ):
            for part in parts:
                yield from _later(campaign, question.id, what, part.when, here, place)
        if question.options_from and any(
            place[n] >= here for n in needs_name(campaign, question.options_from) if n in place
        ):
            yield f"[questions.{question.id}] options_from: «{question.options_from}» is asked later; move it ahead"


def _later(campaign: Campaign, owner: str, what: str, when: When, here: int, place: dict[str, int]) -> Iterator[str]:
    later = {name for name in needs(campaign, when) if place.get(name, -1) >= here}
    for name in sorted(later, key=place.__getitem__):
        why = "is this question itself" if place[name] == here else "is asked later"
        yield f"[questions.{owner}] {what}: «{name}» {why}, so it never holds; move it or change the condition"


# ---------------------------------------------------------------- the other chapters


def _revisions(campaign: Campaign) -> Iterator[str]:
    for question in campaign.singles:
        parts: list[tuple[str, Dated]] = [(f"questions.{question.id}", question)]
        parts += [(f"questions.{question.id}.{option.id}", option) for option in question.options]
        for owner, part in parts:
            newest = max(part.since, part.changed)
            if newest > campaign.revision:
                yield f"[{owner}] is of revision {newest}, the file is revision {campaign.revision}; raise revision"
    late = [o.gone for q in campaign.singles for o in q.options if o.gone > campaign.revision]
    if late:
        yield f"[questions] an option is gone from revision {late[0]}, the file is {campaign.revision}; raise it"


def _pledge(campaign: Campaign) -> Iterator[str]:
    text = campaign.pledge
    if not campaign.has_pledge:
        if text.title:
            yield "[pledge] question is empty; name the question that asks for it, or take the table away"
        return
    for name in text.question:
        if (asked := campaign.by_id.get(name)) is None:
            continue
        known = {option.id for option in asked.options}
        for what, values in (("signs", [text.signs]), ("earlier", text.earlier)):
            yield from (f"[pledge] {what}: {name} has no option «{value}»" for value in values if value not in known)
    if not any(question.kind == "id_number" for question in campaign.singles):
        yield '[pledge] no question has kind = "id_number"; nobody could sign'
    if text.resign_from > text.version:
        yield f"[pledge] resign_from = {text.resign_from} is above version = {text.version}; raise version, or lower it"
    yield from _blanks("pledge.addressee", text.addressee, {"unit"})
    for line in text.closing:
        yield from _blanks("pledge.closing", line, {"name", "number", "date"})


def _table(campaign: Campaign) -> Iterator[str]:
    paper = campaign.feedback_table
    groups = {entry.id: entry for entry in campaign.questions if isinstance(entry, Group)}
    if paper.group not in groups:
        known = ", ".join(groups) or "none: no question has columns"
        yield f"[feedback_table] group: no rows are called «{paper.group}»; there are {known}"
        return
    columns = {column.id for column in groups[paper.group].columns}
    for column in paper.columns:
        if column.field != UNIT_FIELD and column.field not in columns:
            why = f"«{column.field}» is no column of «{paper.group}»"
            yield f"[feedback_table.columns] field: {why}; use unit or {', '.join(sorted(columns))}"
    yield from _twice("feedback_table.columns", [column.name for column in paper.columns], what="name")
    for example in paper.examples:
        if len(example) != len(paper.columns):
            why = f"a line has {len(example)} texts, the table has {len(paper.columns)} columns"
            yield f"[feedback_table.examples] {why}; write one for each"
    yield from _blanks("feedback_table.nil_line", paper.nil_line, _COUNTED)
    yield from _blanks("feedback_table.empty_line", paper.empty_line, _COUNTED)
    yield from _blanks("feedback_table.footer", paper.footer, _COUNTED | {"as_of"})


def _reminders(campaign: Campaign) -> Iterator[str]:
    yield from _twice("reminders", [rule.id for rule in campaign.reminders])
    for rule in campaign.reminders:
        for audience, words in rule.say.items():
            yield from _blanks(f"reminders.{rule.id}.say.{audience}", words, reminding.BLANKS[audience])
    yield from (f"[{owner}] {why}" for owner, why in reminding.problems(campaign))


def _risks(campaign: Campaign) -> Iterator[str]:
    yield from _twice("risks", [rule.id for rule in campaign.risks])
    names = {*campaign.by_id, *campaign.derived} | _SAID
    groups = {entry.id for entry in campaign.questions if isinstance(entry, Group)}
    for rule in campaign.risks:
        owner = f"risks.{rule.id}"
        yield from _blanks(owner, rule.text, names)
        yield from _blanks(owner, rule.settled, names)
        for alternative in rule.when:
            yield from (
                f"[{owner}] when: no question or derived list is called «{k}»"
                for k in alternative
                if k not in names | {"is", "area", "filled"}
            )
        if rule.per and rule.per not in groups:
            yield f"[{owner}] per: no rows are called «{rule.per}»"
        if rule.due and rule.due not in campaign.by_id:
            yield f"[{owner}] due: no question is called «{rule.due}»"


# ---------------------------------------------------------------- shared


def _twice(owner: str, values: Sequence[str], *, what: str = "id") -> Iterator[str]:
    for value in dict.fromkeys(value for value in values if values.count(value) > 1):
        yield f"[{owner}] {what} «{value}» stands twice; make it unique"


def _blanks(owner: str, text: str, known: frozenset[str] | set[str]) -> Iterator[str]:
    try:
        list(Formatter().parse(text))
    except ValueError:
        yield f"[{owner}] a brace {{ or }} stands alone in «{text[:20]}…»; write it twice where it is meant as such"
        return
    for name in dict.fromkeys(blanks(text)):
        if name not in known:
            few = (
                ", ".join(sorted(known))
                if len(known) < 12
                else "a question, a derived list, person, unit, today, deadline or soon"
            )
            yield f"[{owner}] the blank {{{name}}} does not exist; use {few}"
