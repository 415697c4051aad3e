"""What the shape of a campaign file refuses, said with the mend: unknown keys, missing ones, values of a wrong kind."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from handlers.campaign.shapes import Part

_RENAMED = {
    "days_before": "write before = { days = 3 }",
    "to": "whoever has words in [reminders.say] is written to",
    "people_text": 'write unfinished = "…" below [reminders.say]',
    "group_text": 'write groups = "…" below [reminders.say]',
    "late_by_hours": "write late_by = { hours = 8 }",
}
"""Keys of earlier files, and what stands in their place."""


def lines(raw: object, errors: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each mistake, with the table in the words of the file."""
    told = [f"[{_place(raw, error['loc'])}] {_mend(error)}" for error in errors if _meant(raw, error["loc"])]
    return list(dict.fromkeys(told))


def _meant(raw: Any, loc: tuple[int | str, ...]) -> bool:
    """An entry of `questions` is tried as a question and as a table of rows: only what it was meant as is told."""
    if len(loc) < 3 or loc[0] != "questions" or loc[2] not in ("Question", "Group"):
        return True
    entry = raw["questions"][loc[1]]
    return (loc[2] == "Group") is (isinstance(entry, dict) and "columns" in entry)


def _mend(error: Mapping[str, Any]) -> str:
    match error["type"]:
        case "extra_forbidden":
            if renamed := _RENAMED.get(str(error["loc"][-1])):
                return f"is called differently now: {renamed}"
            near = get_close_matches(str(error["loc"][-1]), _keys(), n=1)
            return f"there is no such key{f'; did you mean «{near[0]}»?' if near else '; take it away'}"
        case "missing":
            return "is missing; add it"
        case "string_too_short" | "too_short":
            return "must not be empty"
        case "literal_error":
            return f"must be {error['ctx']['expected']}"
    return str(error["msg"]).replace("Input should be", "must be")


def _keys() -> list[str]:
    """Every key any table may have."""
    found: set[str] = set()
    todo: list[type[Part]] = [Part]
    while todo:
        part = todo.pop()
        found |= {field.alias or name for name, field in part.model_fields.items()}
        todo += part.__subclasses__()
    return sorted(found)


def _place(raw: object, loc: tuple[int | str, ...]) -> str:
    """The table of an error in the words of the file: `questions.places.options` rather than `questions.3.Question`."""
    words: list[str] = []
    at: object = raw
    for part in loc:
        if isinstance(at, dict) and part in at:
            words.append(str(part))
            at = at[part]
        elif isinstance(at, list) and isinstance(part, int) and part < len(at):
            at = at[part]
            words.append(str(at.get("id", part + 1)) if isinstance(at, dict) else str(part + 1))
        elif part not in ("Question", "Group"):
            words.append(str(part))
    return ".".join(words)
