"""Where the mirror of other library systems is kept, and who waits for them."""

from collections.abc import Sequence
from datetime import date

import msgspec

from carrel.connectors.model import HeldLoan
from carrel.loans.elsewhere.model import Mirrored, Question, Standing, Wish
from carrel.storage import Row, Transaction

_json = msgspec.json.Encoder(order="deterministic").encode
_held = msgspec.json.Decoder(HeldLoan).decode
_date = date.fromisoformat

_LOAN = (
    "select id, system, held, due_version, asked_at, before_on, before_renewals, asks, ask_from, refused, refused_at"
    " from elsewhere_loans where patron_id = :patron_id"
)


def _mirrored(row: Row) -> Mirrored:
    return Mirrored(
        row["id"],
        row["system"],
        _held(row["held"]),
        row["due_version"],
        Question(
            row["asked_at"],
            _date(row["before_on"]) if row["before_on"] else None,
            row["before_renewals"],
            row["asks"],
            row["ask_from"],
            row["refused"] or None,
            row["refused_at"],
        ),
    )


async def number(tx: Transaction, patron_id: str, system: str) -> str | None:
    """How a system knows a patron; None when they have no account there."""
    row = await tx.one(
        "select number from account_numbers where patron_id = :patron_id and system = :system",
        patron_id=patron_id,
        system=system,
    )
    return None if row is None else row["number"]


async def standings(tx: Transaction, patron_id: str) -> list[Standing]:
    """How it stands with each of a patron's accounts, whether anything was heard of it or not."""
    rows = await tx.all(
        "select standings.system, standings.name, elsewhere_accounts.heard_at, elsewhere_accounts.silent_since"
        " from standings left join elsewhere_accounts on elsewhere_accounts.patron_id = standings.patron_id"
        " and elsewhere_accounts.system = standings.system"
        " where standings.patron_id = :patron_id order by standings.system",
        patron_id=patron_id,
    )
    return [Standing(*row) for row in rows]  # type: ignore[misc]


async def silent_since(tx: Transaction, patron_id: str, system: str) -> int | None:
    """Since when a system has told nothing of a patron's account, epoch milliseconds; None: it has answered."""
    row = await tx.one(
        "select silent_since from elsewhere_accounts where patron_id = :patron_id and system = :system",
        patron_id=patron_id,
        system=system,
    )
    return None if row is None else row["silent_since"]


async def heard(tx: Transaction, patron_id: str, system: str, read_at: int) -> None:
    """Keep that a system answered a reading that was begun at this instant."""
    await tx.run(
        "insert into elsewhere_accounts (patron_id, system, heard_at) values (:patron_id, :system, :read_at)"
        " on conflict (patron_id, system) do update set heard_at = excluded.heard_at, silent_since = null",
        patron_id=patron_id,
        system=system,
        read_at=read_at,
    )


async def not_heard(tx: Transaction, patron_id: str, system: str, read_at: int) -> None:
    """Keep that a system did not answer a reading that was begun at this instant."""
    await tx.run(
        "insert into elsewhere_accounts (patron_id, system, silent_since) values (:patron_id, :system, :read_at)"
        " on conflict (patron_id, system) do update set"
        " silent_since = coalesce(elsewhere_accounts.silent_since, excluded.silent_since)",
        patron_id=patron_id,
        system=system,
        read_at=read_at,
    )


async def forget_account(tx: Transaction, patron_id: str, system: str) -> None:
    """Forget an account that the patron has no more."""
    await tx.run(
        "delete from elsewhere_accounts where patron_id = :patron_id and system = :system",
        patron_id=patron_id,
        system=system,
    )


async def loan(tx: Transaction, patron_id: str, loan_id: str) -> Mirrored | None:
    """One of a patron's own loans; None when no system has told of one of that name."""
    row = await tx.one(f"{_LOAN} and id = :loan_id", patron_id=patron_id, loan_id=loan_id)
    return None if row is None else _mirrored(row)


async def loans(tx: Transaction, patron_id: str, system: str) -> list[Mirrored]:
    """What a system last told of a patron's loans."""
    rows = await tx.all(f"{_LOAN} and system = :system order by id", patron_id=patron_id, system=system)
    return [_mirrored(row) for row in rows]


async def not_looked_at(tx: Transaction, patron_id: str, today: date) -> list[Mirrored]:
    """A patron's loans whose facts were not looked at today."""
    rows = await tx.all(
        f"{_LOAN} and published_on <> :today", patron_id=patron_id, today=today.isoformat()
    )
    return [_mirrored(row) for row in rows]


async def keep(
    tx: Transaction, patron_id: str, id: str, system: str, held: HeldLoan, renewed: bool, today: date
) -> None:
    """
    Keep a loan as the system tells it now, to be followed by publishing its fact.

    Args:
        renewed: it is due later than was known: the version that its fact will
            have is kept, so that who looked at an earlier one had not seen it.
    """
    await tx.run(
        "insert into elsewhere_loans (patron_id, id, system, record, due_on, held, published_on)"
        " values (:patron_id, :id, :system, :record, :due_on, :held, :today)"
        " on conflict (patron_id, id) do update set record = excluded.record, due_on = excluded.due_on,"
        " held = excluded.held, published_on = excluded.published_on",
        patron_id=patron_id,
        id=id,
        system=system,
        record=held.record,
        due_on=held.due_on.isoformat(),
        held=_json(held).decode(),
        today=today.isoformat(),
    )
    if renewed:
        await tx.run(
            "update elsewhere_loans set due_version = 1 + coalesce("
            "(select version from facts where patron_id = :patron_id and kind = 'loans' and id = :id), 0)"
            " where patron_id = :patron_id and id = :id",
            patron_id=patron_id,
            id=id,
        )


async def looked_at(tx: Transaction, patron_id: str, id: str, today: date) -> None:
    """Remember that a loan's fact was looked at today."""
    await tx.run(
        "update elsewhere_loans set published_on = :today where patron_id = :patron_id and id = :id",
        patron_id=patron_id,
        id=id,
        today=today.isoformat(),
    )


async def keep_question(tx: Transaction, patron_id: str, id: str, question: Question) -> None:
    """Keep what a system is being asked about a loan."""
    await tx.run(
        "update elsewhere_loans set asked_at = :asked_at, before_on = :before_on,"
        " before_renewals = :before_renewals, asks = :asks, ask_from = :ask_from, refused = :refused, refused_at = :refused_at"
        " where patron_id = :patron_id and id = :id",
        patron_id=patron_id,
        id=id,
        asked_at=question.asked_at,
        before_on=None if question.before_on is None else question.before_on.isoformat(),
        before_renewals=question.before_renewals,
        asks=question.asks,
        ask_from=question.ask_from,
        refused=question.refused or "",
        refused_at=question.refused_at,
    )


async def forget(tx: Transaction, patron_id: str, id: str) -> None:
    """Forget a loan that is over."""
    await tx.run(
        "delete from elsewhere_loans where patron_id = :patron_id and id = :id", patron_id=patron_id, id=id
    )


async def keep_wish(tx: Transaction, patron_id: str, system: str, wish: Wish) -> None:
    """Keep a renewal that a reader waits for."""
    await tx.run(
        "insert into elsewhere_renewals (patron_id, u, system, loan_id, seen_on, kept_at, until)"
        " values (:patron_id, :u, :system, :loan_id, :seen_on, :kept_at, :until)",
        patron_id=patron_id,
        u=wish.u,
        system=system,
        loan_id=wish.loan,
        seen_on=wish.seen_on.isoformat(),
        kept_at=wish.kept_at,
        until=wish.until,
    )


async def wishes(tx: Transaction, patron_id: str, system: str) -> Sequence[Wish]:
    """Every renewal that a patron waits for from a system, in the order in which they were asked for."""
    rows = await tx.all(
        "select u, loan_id, seen_on, kept_at, until from elsewhere_renewals"
        " where patron_id = :patron_id and system = :system order by kept_at, u",
        patron_id=patron_id,
        system=system,
    )
    return [
        Wish(row["u"], row["loan_id"], _date(row["seen_on"]), row["kept_at"], row["until"]) for row in rows
    ]


async def ended(tx: Transaction, patron_id: str, u: str) -> None:
    """Nobody waits for this renewal any more."""
    await tx.run(
        "delete from elsewhere_renewals where patron_id = :patron_id and u = :u", patron_id=patron_id, u=u
    )
