"""Sessions as the rest of the library meets them: from a message's cookie to a patron."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from carrel.identity import rules, store
from carrel.problems import Broken
from carrel.storage import Transaction


@dataclass(frozen=True, slots=True)
class Sessions:
    """How this library keeps people signed in."""

    tls: bool
    days: int
    """A session ends this many days after its last use (to within a day)."""

    def key(self, cookies: bytes) -> str:
        """What names the session of these cookies, signed in or not; "" when they name none. No secret."""
        token = rules.token_in(cookies, self.tls)
        return rules.token_hash(token) if token else ""

    async def patron(self, tx: Transaction, cookies: bytes, now: int) -> str | None:
        """Who sends these cookies; None when nobody is signed in. Writes nothing."""
        token = rules.token_in(cookies, self.tls)
        if not token:
            return None
        found = await store.patron_of(tx, rules.token_hash(token), now)
        return found and found[0]

    async def patron_in_use(self, tx: Transaction, cookies: bytes, now: int) -> str | None:
        """Like `patron`, in a unit of work that may write: once a day, use prolongs the session."""
        token = rules.token_in(cookies, self.tls)
        if not token:
            return None
        hashed = rules.token_hash(token)
        found = await store.patron_of(tx, hashed, now)
        if found is None:
            return None
        ends_at = now + self.days * rules.DAY_MS
        if ends_at - found[1] >= rules.DAY_MS:
            await store.prolong(tx, hashed, ends_at)
        return found[0]

    async def staff_reading(self, tx: Transaction, cookies: bytes, what: str, now: int) -> str:
        """
        Let a member of staff read what concerns others, and note that they did; in a unit of work that may write.

        Args:
            what: names what is read, such as "sync-health".

        Returns:
            Who they are.

        Raises:
            Broken: nobody is signed in ("auth"), or nobody of the staff ("staff-only").
        """
        patron_id = await self.patron(tx, cookies, now)
        if patron_id is None:
            raise Broken("auth")
        if not await store.is_staff(tx, patron_id):
            raise Broken("staff-only")
        await store.note_staff_read(tx, patron_id, what, now)
        return patron_id

    def beginning(
        self, cookies: bytes, now: int
    ) -> tuple[str, Callable[[Transaction, str], Awaitable[None]]]:
        """
        Prepare a sign-in.

        Returns:
            The Set-Cookie line, with a token nobody had before, and what to do
            in the unit of work that decides who it is.
        """
        token = secrets.token_urlsafe(32)
        old = rules.token_hash(rules.token_in(cookies, self.tls))

        async def begin(tx: Transaction, patron_id: str) -> None:
            await store.begin(
                tx, patron_id, rules.token_hash(token), old, now, now + self.days * rules.DAY_MS
            )

        return rules.cookie(token, self.tls, self.days), begin

    async def end(self, tx: Transaction, cookies: bytes) -> None:
        """Sign out whoever sends these cookies."""
        token = rules.token_in(cookies, self.tls)
        if token:
            await store.end(tx, rules.token_hash(token))

    @property
    def ending(self) -> str:
        """The Set-Cookie line that takes the cookie away."""
        return rules.cookie("", self.tls, self.days)
