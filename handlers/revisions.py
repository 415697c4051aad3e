"""A campaign file changes while people are answering: their answers are brought up to it, once each.

Whoever speaks is brought up in that message, the finished in batches after the start (`advance`); those of them who are
asked again get one letter. What a change means to somebody is decided in `campaign/revision.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from handlers import reaching
from handlers.campaign.answers import Answers, Given, fold, written
from handlers.campaign.definition import Campaign
from handlers.campaign.loading import CampaignError
from handlers.campaign.revision import News, Standing, as_before, news
from handlers.campaign.setting import Setting
from handlers.campaign.walk import Step, walk
from handlers.desk import Desk, division_of, full_name
from handlers.manners import next_polite
from handlers.messages import Choice, Letter, Reply
from handlers.texts import changes
from handlers.whose import GO_ON, signed
from storage import answer_log, cases, revisions, roster
from storage.models import Case, Person, PledgeText

BATCH = 20
"""So many forms are brought up in one transaction (some 8 ms each): people who speak meanwhile hardly wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """Somebody has met a changed file with the message at hand."""

    notice: str
    """What is said of it ahead of the next question; empty where nothing is asked."""
    before: Answers
    """Their answers with what is new set aside, so that what they say now is taken for what they were asked."""
    place: Step | None
    """The question they had before them; None where what they say now cannot be its answer."""


def meet(desk: Desk, case: Case, setting: Setting) -> Met | None:
    """Brings the answers of whoever speaks up to the file of now. None where they are."""
    campaign = desk.campaign
    if case.revision >= campaign.revision:
        return None
    answers = _answers(desk.session, case)
    before = as_before(campaign, answers, setting, case.revision)
    texts = revisions.texts(desk.session, campaign.id)
    since, new_text = case.revision, text_since(campaign, texts) > case.revision
    found = _bring_up(desk.session, campaign, case, answers, setting, texts, at=desk.now, msg_id=desk.inbound.msg_id)
    place = walk(campaign, before, setting).place
    called = {change.key for change in found.changes}
    notice = told(campaign, found)
    if place is not None and (place.key in called or _looks_new(place, since, campaign.revision, new_text=new_text)):
        place, notice = None, notice or changes.CHANGED
    return Met(notice=notice, before=before, place=place)


def _looks_new(place: Step, since: int, now: int, *, new_text: bool) -> bool:
    """Whether what somebody had before them is not what is asked now, so that «2» may mean something else."""
    question = place.question
    if question.kind == "submit":
        return True  # what they would confirm is not the whole any more
    if question.kind == "id_number":
        return new_text
    return question.new_to(since) or any(o.new_to(since) or since < o.gone <= now for o in question.options)


def told(campaign: Campaign, found: News) -> str:
    if found.signs_again:
        others = sum(step.question.kind != "id_number" for step in found.asked)
        return changes.sign_again(campaign.pledge.name, campaign.pledge.version, others)
    return changes.more(len(found.asked)) if found.asked else ""


def advance(session: Session, campaign: Campaign, *, now: datetime, after: int = 0) -> tuple[int, list[Letter]]:
    """Brings some of the finished up to the file of now: the number of the last form (0 where there is none behind
    `after`), and the letters to those who are asked again."""
    letters: list[Letter] = []
    rows = revisions.behind(session, campaign.id, campaign.revision, after=after, most=BATCH)
    texts = revisions.texts(session, campaign.id)
    for case, person in rows:
        setting = setting_of(session, campaign, case, person, now)
        answers = _answers(session, case)
        log_id = f"revision/{campaign.revision}"
        found = _bring_up(session, campaign, case, answers, setting, texts, at=now, msg_id=log_id)
        if found.asked_again and person.account and person.active:
            letters.append(signed(campaign, _letter(campaign, person, found, now)))
    return max((case.id or 0 for case, _ in rows), default=0), letters


def left(session: Session, campaign: Campaign) -> int:
    """How many of the finished are still behind."""
    return revisions.count_behind(session, campaign.id, campaign.revision, handed_in=True)


def _letter(campaign: Campaign, person: Person, found: News, now: datetime) -> Letter:
    words = changes.letter(campaign, told(campaign, found), in_time=now < campaign.closes_at)
    return Letter(
        to=reaching.address(person),
        body=Choice(campaign.name, words, (Reply(f"1 {GO_ON}", GO_ON),)),
        topic="revision",
        key=f"{campaign.id}/revision/{campaign.revision}/p{person.id}",
        not_before=next_polite(campaign, now),
        bulk=True,
    )


def setting_of(session: Session, campaign: Campaign, case: Case, person: Person, now: datetime) -> Setting:
    """The setting somebody's answers are read in while they are not there."""
    chain = roster.chain(session, roster.unit(session, person.unit_id))
    return Setting(
        today=now.astimezone(campaign.zone).date(),
        person=person.name,
        unit=full_name(chain),
        area=campaign.area_of(division_of(chain)),
        filled="proxy" if case.filled_by else "self",
    )


def _bring_up(
    session: Session,
    campaign: Campaign,
    case: Case,
    answers: Answers,
    setting: Setting,
    texts: Mapping[int, PledgeText],
    *,
    at: datetime,
    msg_id: str,
) -> News:
    found = foreseen(session, campaign, case, answers, setting, texts)
    lines = [(change.key, change.given.to_json() if change.given else None) for change in found.changes]
    answer_log.append(session, case, lines, at=at, msg_id=msg_id)
    drafted = cases.draft(session, case)
    if drafted is not None and drafted.text_digest != campaign.pledge.digest:
        cases.drop_drafts(session, case)  # given for a text that is not asked for any more
    case.revision = campaign.revision
    if found.asked_again and not case.asked_again:
        cases.ask_again(session, case, at=at)
    session.add(case)
    return found


def foreseen(
    session: Session,
    campaign: Campaign,
    case: Case,
    answers: Answers,
    setting: Setting,
    texts: Mapping[int, PledgeText],
) -> News:
    """What the file of now means to one person. Changes nothing."""
    signed, drafted = cases.pledge(session, case), cases.draft(session, case)
    standing = Standing(
        revision=case.revision,
        handed_in=case.submitted_at is not None,
        asked_again=case.asked_again,
        signed=signed.text_version if signed and signed.state != cases.EARLIER else 0,
        drafted=drafted.text_version if drafted else 0,
        resign_since=min(
            (text.revision for version, text in texts.items() if version >= campaign.pledge.resign_from),
            default=campaign.revision,
        ),
    )
    return news(campaign, answers, setting, standing)


def _answers(session: Session, case: Case) -> dict[str, Given]:
    return fold(written(key, given) for key, given in answer_log.lines(session, case))


def text_since(campaign: Campaign, texts: Mapping[int, PledgeText]) -> int:
    """The revision that brought the present text of the pledge."""
    known = texts.get(campaign.pledge.version)
    return known.revision if known else campaign.revision


# ---------------------------------------------------------------- at the start


def remember(session: Session, campaign: Campaign) -> None:
    """The start with a campaign file: what the database knows of it is brought up to date. Raises `CampaignError` where
    the file is older than the database, or where it gives another text out under a version that was given out."""
    if problems := refused(session, campaign):
        raise CampaignError("\n".join(problems))
    revisions.record(session, campaign.id, campaign.revision)
    if campaign.has_pledge:
        text = campaign.pledge
        revisions.keep_text(
            session,
            campaign.id,
            version=text.version,
            digest=text.digest,
            text=text.text,
            revision=campaign.revision,
        )


def refused(session: Session, campaign: Campaign) -> list[str]:
    """Why this database cannot be run with this file; a line each."""
    problems = []
    known = revisions.recorded(session, campaign.id)
    if known is not None and campaign.revision < known:
        problems.append(
            f"{campaign.id}: the file is revision {campaign.revision}, this database was run with revision {known}; "
            "use the newer file (people have answered its questions)"
        )
    texts = revisions.texts(session, campaign.id)
    known_text = texts.get(campaign.pledge.version) if campaign.has_pledge else None
    if known_text is not None and known_text.digest != campaign.pledge.digest:
        problems.append(
            f"{campaign.id}: [pledge] the text differs from version {campaign.pledge.version} as it was given out "
            f"to be signed; raise version to {max(texts) + 1} (and revision), or put the old text back"
        )
    if campaign.has_pledge and texts and campaign.pledge.version < max(texts):
        problems.append(
            f"{campaign.id}: [pledge] version {campaign.pledge.version} is older than version {max(texts)}, "
            "which was given out to be signed; use the newer file"
        )
    return problems
