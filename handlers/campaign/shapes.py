"""What every table of a campaign file is made of: names, conditions, and that nothing unknown stands in it."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import core_schema

Name = Annotated[str, Field(min_length=1, max_length=64)]
Alternative = dict[str, list[str]]


class When(list[Alternative]):
    """Any of the alternatives holds; within one, every key does. A value `!x` means «answered, and not x»; the key `is`
    names a condition of the file, the key `area` the area rule of the person's unit, the key `filled` who answers."""

    def __init__(self, alternatives: Iterable[Alternative] = ()) -> None:
        super().__init__(alternatives)
        self.terms = tuple([tuple([_term(*one) for one in alternative.items()]) for alternative in self])
        """The same, sorted for those who ask often: of each key the values wanted, of which one has to be there, and
        those that must not be. A condition is not changed once it is read."""

    def __deepcopy__(self, _: object) -> "When":
        return self  # pydantic copies the default of each option that is made, and options are made at every step

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(cls, handler(list[Alternative]))


def _term(name: str, words: list[str]) -> tuple[str, frozenset[str], frozenset[str]]:
    refused = frozenset(word[1:] for word in words if word.startswith("!"))
    return name, frozenset(word for word in words if not word.startswith("!")), refused


Filled = Literal["self", "proxy"]
FILLED: tuple[Filled, ...] = ("self", "proxy")
"""Who answers: the person themselves, or a colleague for somebody without an account."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Dated(Part):
    """What may come or change while people are answering, by revisions of the file."""

    since: int = Field(default=1, ge=1)
    """The revision that added it."""
    changed: int = Field(default=0, ge=0)
    """The last revision that changed its meaning: earlier answers do not count for those concerned."""
    material: bool = False
    """Those who have finished are asked as well; without it they are left alone."""

    def new_to(self, revision: int) -> bool:
        """Whether it came or changed after this revision."""
        return max(self.since, self.changed) > revision
