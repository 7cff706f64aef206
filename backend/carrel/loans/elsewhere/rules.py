"""
What a reading of another library system means for those who wait, and what may be asked next. Pure.

A question whose answer did not come may have taken effect, and may do so later. So nothing is told that
a reading has not shown, and nothing is asked again before a reading that was begun after the last
question can no longer take effect.
"""

from datetime import date

from msgspec import UNSET
from msgspec.structs import replace

from carrel.connectors.model import Down, HeldLoan, Refused, Renewed, Unknown
from carrel.loans.elsewhere.model import Question, Wish
from carrel.loans.model import LoanFact, LoanState, Renewal
from carrel.loans.rules import class_letters
from carrel.patrons.model import System
from carrel_sync import library as told

GIVE_UP_MS = 24 * 3_600_000
"""So long is a system asked for one wish, milliseconds."""
SURELY_SILENT_MS = 3_600_000
"""So long it has to be silent before that is taken for its answer: the fault may have been on this side before."""
START_WITHIN_MS = 10_000
"""A question that was written down is sent within this time, or not at all."""
FRESH_MS = 15 * 60_000
"""What was heard so long ago is asked for anew when somebody looks."""
READ_EVERY_MS = 24 * 3_600_000
"""So often it is asked for when nobody looks."""
FIRST_PAUSE_MS = 5_000
LONGEST_PAUSE_MS = 15 * 60_000
FIRST_ASK_PAUSE_MS = 60_000
LONGEST_ASK_PAUSE_MS = 3_600_000
"""How long to leave a system alone that was asked and shows that nothing was done: twice as long each time."""


def phones_know(system: System, id: str) -> str:
    """The name by which phones know a loan, unlike that of any other system's."""
    return f"{system}-{id}"


def heard(question: Question, answer: Renewed | Refused | Unknown | Down) -> Question:
    """
    What is known of a question after its answer, before anything was read.

    Renewed leaves it open: that is to be seen in a reading.
    """
    match answer:
        case Refused(why):
            return replace(question, asked_at=None, refused=why, refused_at=question.asked_at)
        case Down():
            return replace(question, asked_at=None, ask_from=0)
    return question


def settled_at(question: Question, lingers_ms: int) -> int | None:
    """From when on a reading shows whether a question took effect; None: no question is open."""
    if question.asked_at is None:
        return None
    return question.asked_at + START_WITHIN_MS + lingers_ms


def read(
    question: Question,
    held: HeldLoan,
    answer: Renewed | Refused | Unknown | Down | None,
    read_at: int,
    lingers_ms: int,
) -> Question:
    """
    What is still open of a question after a reading that was begun at `read_at`.

    Args:
        answer: to this very question, if it came just before the reading.
    """
    settled = settled_at(question, lingers_ms)
    if settled is None:
        return question
    done = isinstance(answer, Renewed) and took_effect(question, held)
    if done or read_at >= settled:
        return replace(question, asked_at=None, before_on=None, before_renewals=None)
    return question


def took_effect(question: Question, held: HeldLoan) -> bool:
    """Whether the loan shows that it was renewed since it was asked about."""
    if question.before_on is None:
        return False
    if held.due_on > question.before_on:
        return True
    return (
        held.renewals is not None
        and question.before_renewals is not None
        and held.renewals > question.before_renewals
    )


def end(
    wish: Wish, question: Question, held: HeldLoan | None, now: int, read_at: int, lingers_ms: int
) -> told.Final | None:
    """
    What became of a wish, as a reading shows it; None: that is still open.

    Args:
        question: as it was before this reading, with its answer heard.
        held: the loan in that reading; None: it is on loan to the patron no more.
        read_at: when the reading was begun.
    """
    if held is None:
        return told.Refused("not_yours")
    said = {"due_on": held.due_on.isoformat()}
    asked_for_it = question.asked_at is not None and wish.kept_at <= question.asked_at
    if held.due_on > wish.seen_on or (asked_for_it and took_effect(question, held)):
        return told.Done(said)
    settled = settled_at(question, lingers_ms)
    if settled is not None and read_at < settled:
        return None
    if question.refused and question.refused_at is not None and wish.kept_at <= question.refused_at:
        return told.Refused(question.refused, said)
    if wish.until is not None and wish.until <= now:
        return told.Expired()
    if question.asks and wish.kept_at + GIVE_UP_MS <= now:
        return told.Refused("system_silent", said)
    return None


def end_unread(
    wish: Wish, question: Question, silent_since: int | None, now: int, incident: str
) -> told.Final | None:
    """
    What became of a wish when the system tells nothing; None: that is still open.

    Not done is told only where it is certain: nothing is on its way.

    Args:
        silent_since: the first time that it did not answer, before this one.
    """
    silent = silent_since is not None and silent_since + SURELY_SILENT_MS <= now
    given_up = silent and wish.kept_at + GIVE_UP_MS <= now
    said = {"due_on": wish.seen_on.isoformat()}
    if question.asked_at is not None:
        return told.Failed(incident, "not_known", said) if given_up else None
    if wish.until is not None and wish.until <= now:
        return told.Expired()
    if not given_up:
        return None
    refused = question.refused if (question.refused_at or 0) >= wish.kept_at else None
    return told.Refused(refused or "system_silent", said)


def end_without_system(wish: Wish, question: Question, gone: bool, incident: str) -> told.Final:
    """
    What becomes of a wish when its system will not be asked again.

    Args:
        gone: the patron has no account there any more; False: the system is not connected any more.
    """
    said = {"due_on": wish.seen_on.isoformat()}
    if question.asked_at is not None:
        return told.Failed(incident, "not_known", said)
    return told.Refused("not_yours" if gone else "system_silent", said)


def may_ask(wishes: list[Wish], question: Question, now: int) -> bool:
    """Whether the system may be asked now: nothing is on its way, and somebody still wants it by then."""
    wanted = any(wish.until is None or wish.until > now + START_WITHIN_MS for wish in wishes)
    return wanted and question.asked_at is None and question.ask_from <= now


def in_time(asked_at: int, now: int) -> bool:
    """Whether a question that was written down may still be sent; what is too late counts as sent all the same."""
    return now <= asked_at + START_WITHIN_MS


def asking(question: Question, held: HeldLoan, now: int) -> Question:
    """What is to be written down before the system is asked."""
    return replace(
        question,
        asked_at=now,
        before_on=held.due_on,
        before_renewals=held.renewals,
        asks=question.asks + 1,
        ask_from=now + min(LONGEST_ASK_PAUSE_MS, FIRST_ASK_PAUSE_MS * 2 ** min(question.asks, 20)),
    )


def next_look(wishes: list[Wish], questions: list[Question], now: int, lingers_ms: int) -> int:
    """When to read again after a reading, epoch milliseconds."""
    at = [now + READ_EVERY_MS]
    at += [settled for each in questions if (settled := settled_at(each, lingers_ms)) is not None]
    at += [each.ask_from for each in questions if each.asks and each.ask_from > now]
    at += [wish.until for wish in wishes if wish.until is not None and wish.until > now]
    at += [wish.kept_at + GIVE_UP_MS for wish in wishes if wish.kept_at + GIVE_UP_MS > now]
    return max(now + 1, min(at))


def pause(tries: int, random: float) -> int:
    """
    How long to wait after something came to nothing, milliseconds.

    Args:
        tries: how often it had come to nothing before.
        random: from 0 to 1, so that many do not come back at once.
    """
    return round(min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** min(tries, 20)) * (0.5 + random / 2))


def state_on(held: HeldLoan, today: date) -> LoanState:
    """What to call a loan's state on a day; what the system does not say is not assumed."""
    if held.lost:
        return "lost"
    if held.due_on < today:
        return "requested_overdue" if held.requested else "overdue"
    return "requested" if held.requested else "on_loan"


def renewal(held: HeldLoan) -> Renewal:
    """Whether it can be renewed, as the system says; where it does not say, asking will tell."""
    if held.lost:
        return Renewal(False, why="lost")
    if held.renewable is False:
        return Renewal(False, why=held.why or ("requested" if held.requested else "unexplained"))
    return Renewal(True, UNSET if held.until is None else held.until)


def fact(held: HeldLoan, system: System, today: date) -> LoanFact:
    """What the patron's phone may know of it."""
    return LoanFact(
        record=held.record,
        title=held.title,
        author=held.author,
        shelfmark=held.shelfmark,
        item=held.item,
        kind=held.kind,
        system=system,
        site=held.site,
        issued_on=held.issued_on,
        due_on=held.due_on,
        renewals=held.renewals,
        renewal=renewal(held),
        renews_itself=held.renews_itself,
        keep_until=max(held.due_on, held.keep_until or held.due_on),
        state=state_on(held, today),
        shelf=class_letters(held.shelfmark),
    )
