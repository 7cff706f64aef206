"""Where patrons and their accounts are kept."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from carrel.patrons.model import Account, Patron, System
from carrel.storage import Transaction


async def patron(tx: Transaction, patron_id: str) -> Patron | None:
    """One patron with their accounts."""
    row = await tx.one(
        "select id, card_number, name, email, phone, category, site, expires_on,"
        " exists (select 1 from colleagues where colleagues.patron_id = patrons.id) as works_here"
        " from patrons where id = :id",
        id=patron_id,
    )
    if row is None:
        return None
    return Patron(
        row["id"],
        row["card_number"],
        row["name"],
        row["email"],
        row["phone"],
        row["category"],
        row["site"],
        date.fromisoformat(row["expires_on"]),
        await accounts(tx, patron_id),
        bool(row["works_here"]),
    )


async def accounts(tx: Transaction, patron_id: str) -> tuple[Account, ...]:
    """A patron's accounts, in the order in which they are shown."""
    rows = await tx.all(
        "select accounts.system, borrowing_systems.name, accounts.borrower, accounts.blocked, accounts.expires_on,"
        " accounts.number"
        " from accounts join borrowing_systems on borrowing_systems.id = accounts.system"
        " where accounts.patron_id = :patron_id order by accounts.place",
        patron_id=patron_id,
    )
    return tuple(
        Account(
            row["system"],
            row["name"],
            row["borrower"],
            bool(row["blocked"]),
            date.fromisoformat(row["expires_on"]),
            row["number"],
        )
        for row in rows
    )


async def keep_account(
    tx: Transaction, patron_id: str, system: System, blocked: bool | None, expires_on: date | None
) -> bool:
    """
    Keep what is said about one account; None leaves it as it was. Its fact is published when next looked at.

    Returns:
        Whether anything changed.
    """
    changed = await tx.run(
        "update accounts set blocked = coalesce(:blocked, blocked), expires_on = coalesce(:expires_on, expires_on)"
        " where patron_id = :patron_id and system = :system and"
        " (blocked <> coalesce(:blocked, blocked) or expires_on <> coalesce(:expires_on, expires_on))",
        patron_id=patron_id,
        system=system,
        blocked=None if blocked is None else int(blocked),
        expires_on=None if expires_on is None else expires_on.isoformat(),
    )
    if changed:
        await tx.run("update patrons set published_on = '' where id = :id", id=patron_id)
    return changed > 0


async def keep_system(tx: Transaction, system: System, name: str) -> None:
    """Keep a borrowing system under the name that readers call it by."""
    await tx.run(
        "insert into borrowing_systems (id, name) values (:id, :name)"
        " on conflict (id) do update set name = excluded.name",
        id=system,
        name=name,
    )


async def keep(tx: Transaction, kept: Patron) -> None:
    """
    Keep a patron with their accounts as they are now. Their facts are published when next looked at.

    Raises:
        Conflict: the card number is somebody else's.
    """
    await tx.run(
        "insert into patrons (id, card_number, name, email, phone, category, site, expires_on)"
        " values (:id, :card_number, :name, :email, :phone, :category, :site, :expires_on)"
        " on conflict (id) do update set card_number = excluded.card_number, name = excluded.name,"
        " email = excluded.email, phone = excluded.phone, category = excluded.category, site = excluded.site,"
        " expires_on = excluded.expires_on, published_on = ''",
        id=kept.id,
        card_number=kept.card_number,
        name=kept.name,
        email=kept.email,
        phone=kept.phone,
        category=kept.category,
        site=kept.site,
        expires_on=kept.expires_on.isoformat(),
    )
    await tx.run("delete from accounts where patron_id = :id", id=kept.id)
    for place, account in enumerate(kept.accounts):
        await tx.run(
            "insert into accounts (patron_id, system, place, borrower, blocked, expires_on, number)"
            " values (:id, :system, :place, :borrower, :blocked, :expires_on, :number)",
            id=kept.id,
            system=account.system,
            place=place,
            borrower=account.borrower,
            blocked=int(account.blocked),
            expires_on=account.expires_on.isoformat(),
            number=account.number,
        )


async def due_to_publish(tx: Transaction, patron_id: str, today: date) -> bool:
    """Whether the patron's fact was not looked at today."""
    row = await tx.one(
        "select 1 from patrons where id = :id and published_on <> :today",
        id=patron_id,
        today=today.isoformat(),
    )
    return row is not None


async def look_again(tx: Transaction, patron_id: str) -> None:
    """Have the patron's fact looked at anew, whatever the day."""
    await tx.run("update patrons set published_on = '' where id = :id", id=patron_id)


async def published(tx: Transaction, patron_id: str, today: date) -> None:
    """Remember that the patron's fact was looked at today."""
    await tx.run(
        "update patrons set published_on = :today where id = :id", id=patron_id, today=today.isoformat()
    )


async def holder_of(tx: Transaction, card_number: str) -> str | None:
    """The id of the patron whose card it is, however it is spaced."""
    row = await tx.one(
        "select id from patrons where replace(card_number, ' ', '') = :card_number",
        card_number="".join(card_number.split()),
    )
    return None if row is None else row["id"]


async def holders_in(tx: Transaction, system: System) -> list[str]:
    """The ids of all patrons who have an account in a borrowing system."""
    rows = await tx.all("select patron_id from accounts where system = :system order by patron_id", system=system)
    return [row["patron_id"] for row in rows]


async def name_of(tx: Transaction, patron_id: str) -> str | None:
    """A patron's name; None when there is no such patron."""
    row = await tx.one("select name from patrons where id = :id", id=patron_id)
    return None if row is None else row["name"]


class DemoReader(NamedTuple):
    """One of the made-up people of a demo."""

    id: str
    name: str
    about: str
    """What makes their account worth a look, in a few words."""


async def demo_patrons(tx: Transaction) -> list[DemoReader]:
    """Those whom a demo offers for sign-in, the best tour first."""
    return [
        DemoReader(row["patron_id"], row["name"], row["about"])
        for row in await tx.all(
            "select demo_patrons.patron_id, patrons.name, demo_patrons.about from demo_patrons"
            " join patrons on patrons.id = demo_patrons.patron_id order by demo_patrons.place"
        )
    ]


async def keep_demo_patrons(tx: Transaction, offered: Sequence[tuple[str, str]]) -> None:
    """Offer these (patron id, about) in this order, and nobody else."""
    await tx.run("delete from demo_patrons")
    for place, (patron_id, about) in enumerate(offered):
        await tx.run(
            "insert into demo_patrons (patron_id, place, about) values (:patron_id, :place, :about)",
            patron_id=patron_id,
            place=place,
            about=about,
        )
