"""附件1, the pledge: shown whole, the number sealed the moment it comes, signed when the person confirms.

The number is never in an answer, an echo or a log: its seal, keyed fingerprint and last two digits are all there is.
"""

from handlers.campaign import progress
from handlers.campaign.definition import Campaign
from handlers.campaign.id_number import IdNumber
from handlers.campaign.walk import Walk
from handlers.desk import Desk
from handlers.messages import Text
from handlers.texts import asks, plain, proxies
from storage import cases, submissions
from storage.models import Case, Person, Pledge
from storage.vault import pledge_purpose, signature_purpose


def shown(campaign: Campaign) -> list[Text]:
    """The whole text in readable pieces, a message each."""
    pieces = campaign.pledge.pieces
    return [
        Text(asks.pledge_piece(campaign.pledge.title, piece.strip(), n, len(pieces)), campaign.pledge.title)
        for n, piece in enumerate(pieces, 1)
    ]


def keep_draft(desk: Desk, case: Case, name: str, number: IdNumber) -> None:
    """Seals the number at once; a draft given before is forgotten."""
    cases.drop_drafts(desk.session, case)
    desk.session.add(
        Pledge(
            case_id=case.id or 0,
            state=cases.DRAFT,
            text_version=desk.campaign.pledge.version,
            text_digest=desk.campaign.pledge.digest,
            name=desk.vault.seal(name, signature_purpose(case.id), case.campaign),
            number_sealed=desk.vault.seal(number.value, pledge_purpose(case.id), case.campaign),
            number_print=desk.vault.fingerprint(number.value, case.campaign),
            number_mask=number.masked,
            at=desk.now,
            msg_id=desk.inbound.msg_id,
        )
    )
    desk.session.flush()


def settle(desk: Desk, case: Case, path: Walk, person: Person) -> tuple[str, bool]:
    """What becomes of the pledge when the self-check is handed in, in words, and whether one counts. Signs
    a draft; keeps what was told of an earlier one; a signature made before stays as it was."""
    name = desk.campaign.pledge.name
    if progress.signs_now(path):
        signed = cases.draft(desk.session, case)
        if signed is not None:
            signed.state, signed.at, signed.msg_id = cases.SIGNED, desk.now, desk.inbound.msg_id
            desk.session.add(signed)
        else:
            signed = cases.pledge(desk.session, case)
        if signed is None:
            raise LookupError("a pledge is confirmed but no number was given")
        at = plain.stamp(signed.at, desk.campaign)
        return asks.pledge_signed(name, at, signed.text_version, signed.text_digest), True
    cases.drop_drafts(desk.session, case)
    if earlier := progress.signed_before(path):
        option, day = earlier
        told = day.isoformat() if day else option
        known = cases.pledge(desk.session, case) if case.submitted_at else None  # there is none before the first time
        if known is None or known.told != told:
            submissions.signed_before(desk.session, case, told, at=desk.now, msg_id=desk.inbound.msg_id)
        return asks.pledge_earlier(name, f"{day.year}年{plain.day(day)}签过" if day else _label(path)), True
    if progress.signs_by_hand(path):
        return _by_hand(desk, case, person)
    return asks.pledge_unneeded(name, desk.campaign.words.unneeded) if desk.campaign.has_pledge else "", False


def _by_hand(desk: Desk, case: Case, person: Person) -> tuple[str, bool]:
    """To be printed and signed by the person: counts once the coordinator has seen the signature."""
    known = cases.pledge(desk.session, case)
    if known is not None and known.state == cases.ON_PAPER:
        return asks.pledge_earlier(desk.campaign.pledge.name, known.told), True
    if cases.to_sign(desk.session, case) is None:
        desk.session.add(_of_today(desk, case, person, cases.TO_SIGN))
    return proxies.pledge_by_hand(desk.campaign.pledge.name, person.name), False


def signed_by_hand(desk: Desk, case: Case, person: Person) -> None:
    """The coordinator has the signed paper."""
    signed = _of_today(desk, case, person, cases.ON_PAPER)
    signed.told = desk.today.isoformat()
    desk.session.add(signed)
    case.pledged = True
    desk.session.add(case)


def _of_today(desk: Desk, case: Case, person: Person, state: str) -> Pledge:
    """Without a number: it is written on the paper only."""
    return Pledge(
        case_id=case.id or 0,
        state=state,
        text_version=desk.campaign.pledge.version,
        text_digest=desk.campaign.pledge.digest,
        name=desk.vault.seal(person.name, signature_purpose(case.id), case.campaign),
        at=desk.now,
        msg_id=desk.inbound.msg_id,
    )


def _label(path: Walk) -> str:
    return next(filter(None, (path.label(name) for name in path.campaign.pledge.question)), "")
