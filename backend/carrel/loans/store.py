"""Where items, loans and policies are kept."""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from carrel.loans.model import Item, Loan, Policy, RecordAvailability
from carrel.patrons.model import Account
from carrel.storage import Row, Transaction

_json = msgspec.json.Encoder(order="deterministic").encode
_policy = msgspec.json.Decoder(Policy).decode
_date = date.fromisoformat

_read: dict[str, tuple[Policy, ...]] = {}

_STANDING = (
    "select loans.id, loans.patron_id, loans.item_id, loans.issued_on, loans.due_on, loans.due_version,"
    " loans.renewals, loans.requested, loans.lost_on,"
    " items.record, items.title, items.author, items.shelfmark, items.kind, items.system, items.site,"
    " standings.name, standings.borrower, standings.blocked, standings.expires_on,"
    " (select digest from editions where name = 'loan_policies') as policies,"
    " (select digest from editions where name = 'hours') as hours"
    " from loans join items on items.id = loans.item_id"
    " left join standings on standings.patron_id = loans.patron_id and standings.system = items.system"
    " where loans.returned_on is null"
)


class Standing(NamedTuple):
    """A loan with everything that its renewal depends on, read in one statement."""

    loan: Loan
    account: Account | None
    """The patron's account in the loan's borrowing system."""
    due_version: int
    """Version of the loan's fact that first told the due date of its latest renewal; 0: never renewed."""
    policies: str
    """Edition of the policies."""
    hours: str
    """Edition of the hours."""


def _standing(row: Row) -> Standing:
    # Taken apart by position, in the order of `_STANDING`: a look-up by name costs more than all the rest.
    (
        id, patron_id, item_id, issued_on, due_on, due_version, renewals, requested, lost_on,
        record, title, author, shelfmark, kind, system, site, name, borrower, blocked, expires_on, policies, hours,
    ) = row  # type: ignore[misc]  # fmt: skip
    item = Item(item_id, record, title, author, shelfmark, kind, system, site)
    account = None if expires_on is None else Account(system, name, borrower, bool(blocked), _date(expires_on))
    loan = Loan(
        id, patron_id, item, _date(issued_on), _date(due_on), renewals, bool(requested), lost_on is not None
    )
    return Standing(loan, account, due_version, policies or "", hours or "")


async def standing(tx: Transaction, patron_id: str, loan_id: str) -> Standing | None:
    """One of a patron's own loans; None when they have none of that name."""
    row = await tx.one(
        f"{_STANDING} and loans.id = :loan_id and loans.patron_id = :patron_id",
        loan_id=loan_id,
        patron_id=patron_id,
    )
    return None if row is None else _standing(row)


async def standings(tx: Transaction, patron_id: str, loans: Sequence[str]) -> dict[str, Standing]:
    """Those of these loans that are a patron's own, by their names, read in one statement."""
    rows = await tx.all(
        f"{_STANDING} and loans.patron_id = :patron_id and loans.id in ("
        "/*sqlite: select value from json_each(:loans) */"
        "/*postgres: select jsonb_array_elements_text(cast(:loans as jsonb)) */)",
        patron_id=patron_id,
        loans=_json(loans).decode(),
    )
    return {each.loan.id: each for each in map(_standing, rows)}


async def not_looked_at(tx: Transaction, patron_id: str, today: date) -> list[Standing]:
    """A patron's loans whose facts were not looked at today."""
    rows = await tx.all(
        f"{_STANDING} and loans.patron_id = :patron_id and loans.published_on <> :today order by loans.id",
        patron_id=patron_id,
        today=today.isoformat(),
    )
    return [_standing(row) for row in rows]


async def due_between(tx: Transaction, patron_id: str, after: date, until: date) -> list[Standing]:
    """A patron's loans that are due after one day and not after another, the first due first."""
    rows = await tx.all(
        f"{_STANDING} and loans.patron_id = :patron_id and loans.due_on > :after and loans.due_on <= :until"
        " order by loans.due_on, loans.id",
        patron_id=patron_id,
        after=after.isoformat(),
        until=until.isoformat(),
    )
    return [_standing(row) for row in rows]


async def patrons_due_between(tx: Transaction, after: date, until: date) -> list[str]:
    """Who has loans due after one day and not after another."""
    rows = await tx.all(
        "select distinct patron_id from loans"
        " where returned_on is null and due_on > :after and due_on <= :until order by patron_id",
        after=after.isoformat(),
        until=until.isoformat(),
    )
    return [row["patron_id"] for row in rows]


async def renewed(tx: Transaction, loan: Loan, due_on: date) -> None:
    """
    Keep that a loan was renewed, to be followed by publishing its fact.

    The version that this fact will have is kept too: a phone that looked at an
    earlier one had not seen this renewal.
    """
    await tx.run(
        "update loans set due_on = :due_on, renewals = renewals + 1, due_version = 1 + coalesce("
        "(select version from facts where patron_id = :patron_id and kind = 'loans' and id = :id), 0)"
        " where id = :id",
        due_on=due_on.isoformat(),
        patron_id=loan.patron,
        id=loan.id,
    )


async def looked_at(tx: Transaction, loan_id: str, today: date) -> None:
    """Remember that a loan's fact was looked at today."""
    await tx.run("update loans set published_on = :today where id = :id", id=loan_id, today=today.isoformat())


async def look_again(tx: Transaction, patron_id: str) -> None:
    """Have all of a patron's loans looked at again, because their account or a policy changed."""
    await tx.run(
        "update loans set published_on = '' where patron_id = :patron_id and returned_on is null",
        patron_id=patron_id,
    )


async def policies(tx: Transaction, edition: str) -> tuple[Policy, ...]:
    """
    All policies, past and future ones too.

    Args:
        edition: their digest as it was read in this unit of work: then nothing
            is read that this program has read before.
    """
    while edition not in _read:
        if len(_read) > 8:
            _read.clear()
        rows = await tx.all("select body from loan_policies order by system, kind, borrower, from_on")
        found = tuple(_policy(row["body"]) for row in rows)
        latest = await tx.one("select digest from editions where name = 'loan_policies'")
        read_before, edition = edition, "" if latest is None else latest["digest"]
        if edition == read_before:
            _read[edition] = found
    return _read[edition]


async def keep_policies(tx: Transaction, kept: Sequence[Policy]) -> None:
    """Keep these policies, instead of all that were kept before."""
    await tx.run("delete from loan_policies")
    ordered = sorted(kept, key=lambda each: (each.system, each.kind, each.borrower, each.from_on))
    for each in ordered:
        await tx.run(
            "insert into loan_policies (system, kind, borrower, from_on, body)"
            " values (:system, :kind, :borrower, :from_on, :body)",
            system=each.system,
            kind=each.kind,
            borrower=each.borrower,
            from_on=each.from_on.isoformat(),
            body=_json(each).decode(),
        )
    await tx.run(
        "insert into editions (name, digest) values ('loan_policies', :digest)"
        " on conflict (name) do update set digest = excluded.digest",
        digest=hashlib.sha256(_json(ordered)).hexdigest(),
    )


async def keep_item(tx: Transaction, item: Item) -> None:
    """Keep one copy as it is now."""
    await tx.run(
        "insert into items (id, record, title, author, shelfmark, kind, system, site)"
        " values (:id, :record, :title, :author, :shelfmark, :kind, :system, :site)"
        " on conflict (id) do update set record = excluded.record, title = excluded.title,"
        " author = excluded.author, shelfmark = excluded.shelfmark, kind = excluded.kind,"
        " system = excluded.system, site = excluded.site",
        id=item.id,
        record=item.record,
        title=item.title,
        author=item.author,
        shelfmark=item.shelfmark,
        kind=item.kind,
        system=item.system,
        site=item.site,
    )


async def keep(tx: Transaction, loan: Loan, lost_on: date | None = None) -> None:
    """
    Keep a loan as the borrowing system has it now. Its fact is published when next looked at.

    Raises:
        Conflict: the item is on loan already.
    """
    await tx.run(
        "insert into loans (id, patron_id, item_id, issued_on, due_on, renewals, requested, lost_on)"
        " values (:id, :patron_id, :item_id, :issued_on, :due_on, :renewals, :requested, :lost_on)"
        " on conflict (id) do update set due_on = excluded.due_on, renewals = excluded.renewals,"
        " requested = excluded.requested, lost_on = excluded.lost_on, published_on = ''",
        id=loan.id,
        patron_id=loan.patron,
        item_id=loan.item.id,
        issued_on=loan.issued_on.isoformat(),
        due_on=loan.due_on.isoformat(),
        renewals=loan.renewals,
        requested=int(loan.requested),
        lost_on=(lost_on or loan.issued_on).isoformat() if loan.lost else None,
    )


async def borrower(tx: Transaction, loan_id: str) -> str | None:
    """Whose loan it is; None when it is on loan no more."""
    row = await tx.one("select patron_id from loans where id = :id and returned_on is null", id=loan_id)
    return None if row is None else row["patron_id"]


async def request(tx: Transaction, loan_id: str, requested: bool) -> str | None:
    """
    Keep whether another reader has asked for what is lent.

    Returns:
        Whose loan it is; None when there is no such loan.
    """
    row = await tx.one(
        "update loans set requested = :requested, published_on = ''"
        " where id = :id and returned_on is null returning patron_id",
        id=loan_id,
        requested=int(requested),
    )
    return None if row is None else row["patron_id"]


async def give_back(tx: Transaction, loan_id: str, on: date) -> str | None:
    """
    Keep that an item came back.

    Returns:
        Whose loan it was; None when it was on loan no more.
    """
    row = await tx.one(
        "update loans set returned_on = :on_date where id = :id and returned_on is null returning patron_id",
        id=loan_id,
        on_date=on.isoformat(),
    )
    return None if row is None else row["patron_id"]


async def availability(tx: Transaction) -> dict[str, RecordAvailability]:
    """Every record of which a copy is lent out, by its id."""
    rows = await tx.all(
        "select lent.record, lent.out, lent.first_due_on,"
        " (select count(*) from items where items.record = lent.record) as copies"
        " from (select record, count(*) as out, min(due_on) as first_due_on from"
        " (select items.record as record, loans.due_on as due_on"
        " from loans join items on items.id = loans.item_id"
        " where loans.returned_on is null and items.record <> ''"
        " union all select record, due_on from elsewhere_loans where record <> '') as each_lent"
        " group by record) as lent"
        " where exists (select 1 from items where items.record = lent.record) order by lent.record"
    )
    return {
        row["record"]: RecordAvailability(row["copies"], row["out"], _date(row["first_due_on"]))
        for row in rows
    }


async def renewed_through(tx: Transaction) -> date | None:
    """The last day whose due loans were looked at, to renew them unasked; None before the first."""
    row = await tx.one("select through_on from automatic_renewals where id = 1")
    return None if row is None else _date(row["through_on"])


async def keep_renewed_through(tx: Transaction, day: date) -> None:
    """Remember the last day whose due loans were looked at; it never goes back."""
    await tx.run(
        "insert into automatic_renewals (id, through_on) values (1, :day) on conflict (id) do update set"
        " through_on = case when excluded.through_on > automatic_renewals.through_on"
        " then excluded.through_on else automatic_renewals.through_on end",
        day=day.isoformat(),
    )


async def forget_returned(tx: Transaction, before: date) -> int:
    """
    Cut the link between patron and item from what was returned before a day.

    Returns:
        How many loans were made anonymous; the loans themselves stay, for counting.
    """
    return await tx.run(
        "update loans set patron_id = '' where patron_id <> '' and returned_on < :before",
        before=before.isoformat(),
    )
