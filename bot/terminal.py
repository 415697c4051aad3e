"""What every command of `zicha` stands on: the terminal, the settings, the foundation, bars for long work.

Must not know any command.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from bot import app as composition
from bot import config as configuration
from bot import logs
from handlers.campaign.loading import CampaignError
from storage.database import DatabaseError, DatabaseFailure
from storage.vault import VaultError

log = logging.getLogger(__name__)

console, errors = Console(highlight=False), Console(stderr=True, highlight=False)

Stage = Callable[[str, int, int], None]
"""Told what is being done, and how far: done, total (0: not known)."""


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on the terminal for work that tells how far it is; gone when it is done."""
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


@contextmanager
def stages() -> Iterator[Stage]:
    """The same for work in several stages, each with its name and a count of its own."""
    with Progress(
        *Progress.get_default_columns(),
        MofNCompleteColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total or None)


def config() -> configuration.Config:
    try:
        return configuration.load()
    except configuration.ConfigError as error:
        fail(*error.lines)


@contextmanager
def foundation(settings: configuration.Config) -> Iterator[composition.Foundation]:
    """What a short command stands on; closed at its end."""
    logs.set_up("WARNING")
    try:
        base = composition.lay_foundation(settings)
    except (CampaignError, DatabaseError, VaultError, OSError) as error:
        fail(*str(error).splitlines())
    try:
        yield base
        _chain(base)
    finally:
        base.database.close()


def _chain(base: composition.Foundation) -> None:
    """What the command wrote is chained at once; where the bot holds the database, by the bot."""
    try:
        composition.notary_of(base, composition.real_clock).work()
    except DatabaseFailure as error:
        log.warning("what was written is chained later: %s", error.orig, extra={"action": "evidence.later"})


def fail(*lines: str) -> NoReturn:
    for line in lines:
        errors.print(f"zicha: {logs.scrub(line)}", markup=False, soft_wrap=True)
    raise typer.Exit(1)
