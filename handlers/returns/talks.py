"""Which word about a return leads to which room."""

from handlers.asked import Talk
from handlers.commands import Word
from handlers.returns import checking, correcting, looking, receiving, scans, steps, urging
from handlers.returns.whose import privately, step_of

TALKS: dict[Word, Talk] = {
    Word.CHECK_RETURN: privately(checking.check),
    Word.CORRECT: privately(correcting.correct),
    Word.MERGE_ROWS: step_of(checking.merge),
    Word.CONFIRM_RETURN: privately(steps.confirm),
    Word.CONFIRM_WITH_GAPS: privately(steps.confirm_with_gaps),
    Word.CANCEL_CONFIRM: step_of(steps.cancel),
    Word.SCANS: privately(scans.talk),
    Word.CLEAR_SCANS: step_of(scans.clear),
    Word.HAND_UP: step_of(steps.hand_up),
    Word.LOOK_AT: privately(looking.look),
    Word.ACCEPT: privately(receiving.accept),
    Word.SEND_BACK: privately(receiving.send_back),
    Word.URGE_RETURNS: privately(urging.urge),
    Word.RETURN_STEPS: privately(looking.history),
}
