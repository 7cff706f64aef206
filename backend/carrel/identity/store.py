"""Where sessions and one-time codes are kept; only their digests ever are."""

from typing import Literal

from carrel.identity import rules
from carrel.storage import Transaction

_NOBODY = rules.code_hash("", "nobody")


async def begin(
    tx: Transaction, patron_id: str, token_hash: str, old_token_hash: str, now: int, ends_at: int
) -> None:
    """Sign a patron in under a new token; the one the browser had before is worth nothing from here on."""
    await tx.run("delete from sessions where token_hash = :old", old=old_token_hash)
    await tx.run(
        "insert into sessions (token_hash, patron_id, began_at, ends_at)"
        " values (:token_hash, :patron_id, :now, :ends_at)",
        token_hash=token_hash,
        patron_id=patron_id,
        now=now,
        ends_at=ends_at,
    )


async def patron_of(tx: Transaction, token_hash: str, now: int) -> tuple[str, int] | None:
    """Whose session this is and when it ends (epoch ms), or None when it is nobody's or over."""
    row = await tx.one(
        "select patron_id, ends_at from sessions where token_hash = :token_hash and ends_at > :now",
        token_hash=token_hash,
        now=now,
    )
    return None if row is None else (row[0], row[1])


async def prolong(tx: Transaction, token_hash: str, ends_at: int) -> None:
    """Let a session that is in use last longer."""
    await tx.run(
        "update sessions set ends_at = :ends_at where token_hash = :token_hash",
        token_hash=token_hash,
        ends_at=ends_at,
    )


async def end(tx: Transaction, token_hash: str) -> None:
    """Sign out. Saying it twice is no fault."""
    await tx.run("delete from sessions where token_hash = :token_hash", token_hash=token_hash)


async def issue_code(
    tx: Transaction, patron_id: str, card_number: str, salt: str, code_hash: str, ends_at: int
) -> None:
    """Give a patron a code instead of any they had; what was tried with their card before is forgotten."""
    await tx.run(
        "insert into sign_in_codes (patron_id, salt, code_hash, ends_at)"
        " values (:patron_id, :salt, :code_hash, :ends_at)"
        " on conflict (patron_id) do update set"
        " salt = excluded.salt, code_hash = excluded.code_hash, ends_at = excluded.ends_at",
        patron_id=patron_id,
        salt=salt,
        code_hash=code_hash,
        ends_at=ends_at,
    )
    await tx.run(
        "delete from sign_in_tries where card_hash = :card_hash", card_hash=_card_hash(card_number)
    )


async def try_code(
    tx: Transaction, card_number: str, patron_id: str | None, code: str, now: int, tries: int
) -> Literal["in", "no", "too-many"]:
    """
    Try a code; a good one is used up.

    A card nobody holds is treated like one with another code, in what is said,
    written and counted.

    Args:
        patron_id: who holds the card; None when nobody does.
        tries: how many a card may be tried with in 15 minutes.
    """
    counted = await tx.one(
        "insert into sign_in_tries (card_hash, since_at, tries) values (:card_hash, :now, 1)"
        " on conflict (card_hash) do update set"
        " tries = case when sign_in_tries.since_at <= :long_ago then 1 else sign_in_tries.tries + 1 end,"
        " since_at = case when sign_in_tries.since_at <= :long_ago then :now else sign_in_tries.since_at end"
        " returning tries",
        card_hash=_card_hash(card_number),
        now=now,
        long_ago=now - rules.TRIES_WINDOW_MS,
    )
    assert counted is not None
    if counted[0] > tries:
        return "too-many"
    kept = await tx.one(
        "select salt, code_hash from sign_in_codes where patron_id = :patron_id and ends_at > :now",
        patron_id=patron_id or "",
        now=now,
    )
    salt, expected = (kept[0], kept[1]) if kept is not None else ("nobody", _NOBODY)
    match = rules.codes_match(expected, rules.code_hash(code, salt))
    if not match or kept is None or patron_id is None:
        return "no"
    await tx.run("delete from sign_in_codes where patron_id = :patron_id", patron_id=patron_id)
    await tx.run(
        "delete from sign_in_tries where card_hash = :card_hash", card_hash=_card_hash(card_number)
    )
    return "in"


async def prune(tx: Transaction, now: int) -> dict[str, int]:
    """Remove what has ended; tells how many of each."""
    return {
        "sessions": await tx.run("delete from sessions where ends_at <= :now", now=now),
        "codes": await tx.run("delete from sign_in_codes where ends_at <= :now", now=now),
        "tries": await tx.run(
            "delete from sign_in_tries where since_at <= :long_ago", long_ago=now - rules.TRIES_WINDOW_MS
        ),
    }


def _card_hash(card_number: str) -> str:
    return rules.token_hash(rules.card_as_typed(card_number))


async def is_staff(tx: Transaction, patron_id: str) -> bool:
    """Whether a patron is a member of the library's staff."""
    return await tx.one("select 1 from staff where patron_id = :patron_id", patron_id=patron_id) is not None


async def keep_staff(tx: Transaction, patron_id: str, staff: bool, now: int) -> None:
    """Make a patron a member of staff, or no longer."""
    if staff:
        await tx.run(
            "insert into staff (patron_id, since_at) values (:patron_id, :now) on conflict (patron_id) do nothing",
            patron_id=patron_id,
            now=now,
        )
    else:
        await tx.run("delete from staff where patron_id = :patron_id", patron_id=patron_id)


async def note_staff_read(tx: Transaction, patron_id: str, what: str, now: int) -> None:
    """Keep that a member of staff read what concerns others."""
    await tx.run(
        "insert into staff_reads (patron_id, what, at) values (:patron_id, :what, :now)",
        patron_id=patron_id,
        what=what,
        now=now,
    )


async def staff_reads(tx: Transaction, since: int) -> list[tuple[str, str, int]]:
    """Who of the staff read what, and when (epoch milliseconds), from an instant on."""
    rows = await tx.all("select patron_id, what, at from staff_reads where at >= :since order by at", since=since)
    return [(row["patron_id"], row["what"], row["at"]) for row in rows]
