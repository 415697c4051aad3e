"""What every command stands on: the campaigns that are open, the database, the vault. Owns the one real clock.

Must not know what is built on it (`app.py`).
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.config import Config
from handlers import revisions
from handlers.campaign import loading, several
from handlers.campaign.definition import Campaign
from handlers.campaign.loading import CampaignError
from handlers.papers import fonts
from handlers.papers.chart_picture import usable
from storage import keyring
from storage.database import Database
from storage.evidence import entering
from storage.vault import Vault

log = logging.getLogger(__name__)


def real_clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Foundation:
    """What every command stands on: the campaigns, the database with its schema up to date, the vault."""

    campaigns: tuple[Campaign, ...]
    database: Database
    vault: Vault
    anchor: Path
    """The file that remembers how long the chain of evidence was."""


def load_campaigns(config: Config) -> tuple[Campaign, ...]:
    """All that are open, the first one first; ZICHA_DEADLINE moves deadlines. Raises `CampaignError`."""
    names = [name.strip() for name in config.campaign.split(",") if name.strip()]
    if not names:
        raise CampaignError("ZICHA_CAMPAIGN is empty; name a campaign or the path of a campaign file")
    campaigns = several.together([loading.load(name) for name in names])
    moved = config.deadline or {}
    if unknown := sorted({*moved} - {"", *(campaign.id for campaign in campaigns)}):
        known = ", ".join(campaign.id for campaign in campaigns)
        raise CampaignError(f"ZICHA_DEADLINE names «{unknown[0]}», which is not open; open are {known}")
    if "" in moved:
        moved = {campaigns[0].id: moved[""], **moved}
    return tuple(c.with_deadline(moved[c.id]) if c.id in moved else c for c in campaigns)


def lay_foundation(config: Config) -> Foundation:
    """Opens what is there, makes what is missing. Raises `CampaignError`, `DatabaseError` or `VaultError`."""
    campaigns = load_campaigns(config)
    _choose_font(config)
    database = config.open_database()
    try:
        database.migrate()
        names = [campaign.id for campaign in campaigns]
        keys = keyring.unlock(database, config.keys, suite=config.crypto, campaigns=names, at=real_clock())
        entering.begin(database, keys)
        with database.session() as session:
            # an anchor says that there was evidence: then nothing is taken for granted any more
            if not config.anchor_file.exists() and (taken := entering.take_in(session, keys)):
                log.info("%d rows of before are in the evidence now", taken, extra={"action": "evidence.taken_in"})
            for campaign in campaigns:
                revisions.remember(session, campaign)
    except BaseException:
        database.close()
        raise
    return Foundation(campaigns, database, keys, config.anchor_file)


def _choose_font(config: Config) -> None:
    fonts.prefer(config.font)
    if not usable(fonts.found()):
        log.warning(
            "no Chinese font for pictures, «进度 图» is answered in words: install %s or name a file in ZICHA_FONT",
            fonts.INSTALL,
            extra={"action": "font.missing"},
        )
