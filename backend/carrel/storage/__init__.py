"""
Where the account plane is kept: one contract, and two kinds of store that keep it.

SQLite is one file for one node, PostgreSQL a database that several nodes share. Keeps out every rule
and every clock. A *work function* is written once, `async`, against a `Transaction`, and awaits
nothing but that transaction. SQL is written with `:name` placeholders; what only one dialect
understands stands in `/*sqlite: … */` or `/*postgres: … */` and is laid bare by the store that
understands it. A store may undo a work function and run it again: it changes nothing but the database,
and would say the same the second time.

What holds on both: who reads a patron's things in order to change them has taken the patron's turn
first (`carrel.storage.facts.lock`), for others may write between two statements. After a statement has
failed nothing more is asked until its exception has left the savepoint around it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from carrel.storage.telling import News

T = TypeVar("T")


class Row(Protocol):
    """One row, read by column name or by position."""

    def __getitem__(self, key: str | int, /) -> Any: ...

    def keys(self) -> list[str]: ...


class Transaction(Protocol):
    """What a work function may await, and nothing else."""

    async def all(self, sql: str, /, **values: Any) -> list[Row]:
        """Every row the statement yields."""
        ...

    async def one(self, sql: str, /, **values: Any) -> Row | None:
        """The first row the statement yields, or None."""
        ...

    async def run(self, sql: str, /, **values: Any) -> int:
        """
        Carry out a statement.

        Returns:
            How many rows it changed.

        Raises:
            Conflict: a primary key or unique constraint said no.
        """
        ...

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """What happens inside is undone when an exception leaves it; what came before stays."""
        ...

    def tell(self, patron: str, seq: int, /) -> None:
        """
        Once this unit of work is kept, let everybody who listens know that a patron's facts have changed.

        `carrel.storage.facts` says it for every change. Nothing is told of a
        unit of work that is not kept; of a savepoint that was undone it may be.

        Args:
            seq: the number that the change took in the patron's stream.
        """
        ...


Work = Callable[[Transaction], Awaitable[T]]


class Conflict(Exception):
    """A primary key or unique constraint said no: what was to be written is there already."""


class Fault(Exception):
    """The store itself cannot go on (a full disk, a broken file, another process holding on): blame no wish."""


class Refused(Exception):
    """This database cannot be opened by this program; the message says why and what to do."""


class Closed(Exception):
    """The store is closing: nothing was written, ask again later."""


class Storage(Protocol):
    """A store of account data: durable units of work, consistent reads."""

    on_commit: Callable[[int], None]
    """Told how many units of work shared each commit, by a store that gathers them. Does nothing at first."""

    async def write(self, work: Work[T], *, brief: bool = False) -> T:
        """
        Carry out one unit of work, all of it or nothing.

        Args:
            brief: it takes a few milliseconds at the most, however much the
                database holds. Some stores do it faster then.

        Returns:
            What the work function returned, once it is on the disk (after the
            fsync): whoever hears it may forget what they asked for.

        Raises:
            Whatever the work function raised; then nothing of it was kept, and
            other units of work are untouched. A Fault in the very commit leaves
            open whether it was kept.
        """
        ...

    async def read(self, work: Work[T]) -> T:
        """
        Carry out one reading on a connection that cannot write.

        All statements of one reading see the same state, and every write that
        was answered before it began.
        """
        ...

    def told(self) -> AsyncIterator[News]:
        """
        Whose facts have changed, on this node or on any other of the same database.

        Listening begins with the call. Each item is what came since the last
        one was taken: the highest number by patron, or None when some may have
        been missed (another node or the way to it failed), so that everybody
        has to look. A hint and no promise: a node that dies in the instant
        after a commit tells nobody. It ends when the store closes.
        """
        ...

    async def close(self) -> None:
        """Finish what was begun, refuse what comes after, and leave no thread behind."""
        ...


async def open_storage(place: Path | str, now: int, connections: int = 8) -> Storage:
    """
    Open the account database, making it or bringing it up to date first.

    Args:
        place: the file of an SQLite database, whose folder is made when
            missing; or the address of a PostgreSQL database
            (postgresql://…), which several nodes may share.
        now: epoch milliseconds, written beside the migrations that are applied.
        connections: how many to hold to PostgreSQL, one more for what nodes
            tell each other not counted; without meaning for a file.

    Raises:
        Refused: a newer program wrote it, an applied migration was edited, or
            it cannot be reached.
    """
    if isinstance(place, Path):
        from carrel.storage.sqlite import SqliteStorage

        return await SqliteStorage.open(place, now)
    try:
        from carrel.storage.postgres import PostgresStorage
    except ModuleNotFoundError as said:
        raise Refused(
            f"PostgreSQL needs {said.name}, which is not installed: pip install 'carrel-app[postgres]'"
        ) from said
    return await PostgresStorage.open(place, now, connections)
