"""
The store on SQLite: one writer that commits many units of work at once, two readers that cannot write.

One task writes, over one connection. Units of work that arrive while a commit is on its way to the
disk are gathered, up to 64, run one after the other, each in its own savepoint, and share the next
commit and its fsync. That is what makes `synchronous=FULL` affordable, and FULL is needed: a phone
forgets a wish once it was answered.

Brief units that come one after the other share one savepoint instead, and all but a few need no other: two statements
spared for each. When one of them raises, they are undone together and each is run again by itself, with care.

Whatever may wait (taking the lock, reading, the fsync, any unit of work of unknown length) happens in
the connection's own thread, a whole unit in one hop. A unit that says it is brief is driven where it
is asked for instead, a few milliseconds of such units at a time: SQLite lets go of Python's lock at
every statement, and two threads that hand it to each other sixty times for one request get less done
(960 pushes of ten wishes a second against 670 on two cores; a commit is never waited for here).
"""

import asyncio
import logging
import re
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import aiosqlite

from carrel.storage import Closed, Conflict, Fault, Refused, Row, Work, migrations
from carrel.storage.telling import News, Telling

log = logging.getLogger("carrel.storage")

T = TypeVar("T")

UNITS_PER_COMMIT = 64
BRIEF_SECONDS = 0.008
"""So long the event loop may be kept busy with brief units before a commit lets others have a turn."""
READERS = 2
COMMITS_PER_CHECKPOINT = 128
"""A page that has changed many times since is copied once."""
PAGES_BEFORE_WRITER_CHECKPOINTS = 16_000
"""The writer copies its log into the database itself only when the keeper cannot keep up (64 MB)."""
BUSY_MS = 10_000
"""How long to wait for another process (a command beside the server) to finish its own commit."""

_OURS = re.compile(r"/\*sqlite:(.*?)\*/", re.DOTALL)
_THEIRS = re.compile(r"/\*postgres:.*?\*/", re.DOTALL)
_ALREADY_THERE = frozenset(
    {
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
        sqlite3.SQLITE_CONSTRAINT_ROWID,
    }
)
_CANNOT_GO_ON = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PROTOCOL,
    }
)


class _Dialect(dict[str, str]):
    """SQL as written, to SQL as SQLite reads it; each statement is translated once."""

    def __missing__(self, sql: str) -> str:
        self[sql] = translated = _THEIRS.sub("", _OURS.sub(r"\1", sql))
        return translated


in_dialect = _Dialect()

_Bind = Callable[[dict[str, Any]], tuple[Any, ...]]
_NAMES = re.compile(r"'[^']*'|\"[^\"]*\"|(?<![:\w]):([A-Za-z_]\w*)")


def in_places(sql: str) -> tuple[str, _Bind]:
    """
    A statement with its values in places instead of by name, and what puts named values there.

    SQLite would look up every name again each time a statement is run.
    A name used twice has two places.
    """
    names: list[str] = []

    def place(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        names.append(found[1])
        return "?"

    text = _NAMES.sub(place, sql)
    if not names:
        return text, lambda values: ()
    if len(names) == 1:
        only = names[0]
        return text, lambda values: (values[only],)
    return text, itemgetter(*names)


class _Statements(dict[str, tuple[str, _Bind]]):
    """SQL as written, to SQL with places and what fills them; each statement is taken apart once."""

    def __missing__(self, sql: str) -> tuple[str, _Bind]:
        self[sql] = taken_apart = in_places(in_dialect[sql])
        return taken_apart


_statements = _Statements()


class _AgainWithCare(BaseException):
    """Something has to be undone that was done without a savepoint: begin this unit of work anew."""


class SqliteTransaction:
    """
    A `carrel.storage.Transaction` inside a connection's own thread; none of its methods ever waits.

    A unit of work is first run boldly: its inner savepoints are not set, as most are never rolled back and
    two statements for each cost a third of the time. When an exception leaves one after all, the whole unit
    is undone and run again, with savepoints.
    """

    __slots__ = ("_bold", "_depth", "_execute", "news")

    def __init__(self, connection: sqlite3.Connection, bold: bool) -> None:
        self._execute = connection.execute
        self.news: dict[str, int] = {}
        self._depth = 0
        self._bold = bold

    async def all(self, sql: str, /, **values: Any) -> list[Row]:
        text, bind = _statements[sql]
        try:
            return self._execute(text, bind(values)).fetchall()
        except sqlite3.Error as said:
            raise _told(said) from said

    async def one(self, sql: str, /, **values: Any) -> Row | None:
        text, bind = _statements[sql]
        try:
            return self._execute(text, bind(values)).fetchone()
        except sqlite3.Error as said:
            raise _told(said) from said

    async def run(self, sql: str, /, **values: Any) -> int:
        text, bind = _statements[sql]
        try:
            return self._execute(text, bind(values)).rowcount
        except sqlite3.Error as said:
            raise _told(said) from said

    def savepoint(self) -> "_Savepoint":
        return _Savepoint(self)

    def tell(self, patron: str, seq: int, /) -> None:
        self.news[patron] = seq


class _Savepoint:
    __slots__ = ("_name", "_transaction")

    def __init__(self, transaction: SqliteTransaction) -> None:
        self._transaction = transaction

    async def __aenter__(self) -> None:
        transaction = self._transaction
        if transaction._bold:
            return
        transaction._depth += 1
        self._name = f"inner_{transaction._depth}"
        transaction._execute(f"savepoint {self._name}")

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        transaction = self._transaction
        if transaction._bold:
            if kind is not None and issubclass(kind, Exception):
                raise _AgainWithCare
            return
        transaction._depth -= 1
        if kind is not None:
            transaction._execute(f"rollback to {self._name}")
        transaction._execute(f"release {self._name}")


def _told(said: sqlite3.Error) -> Exception:
    """What a work function gets to see of something SQLite said."""
    code = getattr(said, "sqlite_errorcode", None)
    if code in _ALREADY_THERE:
        return Conflict(str(said))
    return Fault(f"{said} (SQLite code {code})") if code is not None and code & 0xFF in _CANNOT_GO_ON else said


def _drive(work: Work[T], transaction: SqliteTransaction) -> T:
    """Run a work function to its end, here and now."""
    coroutine = work(transaction)
    try:
        coroutine.send(None)  # type: ignore[attr-defined]
    except StopIteration as end:
        return end.value
    coroutine.close()  # type: ignore[attr-defined]
    raise RuntimeError(
        f"expected {getattr(work, '__qualname__', work)!r} to await only its transaction, "
        "but it waited for something else: fetch that before the transaction begins"
    )


class _Unit:
    """A unit of work on its way: what to do, whom to tell, what came of it."""

    __slots__ = ("brief", "failure", "future", "news", "result", "work")

    def __init__(self, work: Work[Any], future: asyncio.Future[Any], brief: bool = False) -> None:
        self.work = work
        self.brief = brief
        self.future = future
        self.result: Any = None
        self.news: dict[str, int] = {}
        self.failure: BaseException | None = None


def _tell(units: list[_Unit]) -> None:
    for unit in units:
        if unit.future.done():
            continue
        if unit.failure is None:
            unit.future.set_result(unit.result)
        else:
            unit.future.set_exception(unit.failure)


class SqliteStorage:
    """A `carrel.storage.Storage` in one file. Open it with `open`, and close it."""

    def __init__(
        self,
        writer: aiosqlite.Connection,
        keeper: aiosqlite.Connection,
        readers: list[aiosqlite.Connection],
    ) -> None:
        self._writer = writer
        self._keeper = keeper
        self._readers = readers
        self._checkpoint: asyncio.Future[None] | None = None
        self._commits = 0
        self._reading = [0] * len(readers)
        self._waiting: deque[_Unit] = deque()
        self._wanted = asyncio.Event()
        self._closing = False
        self._telling = Telling()
        self.on_commit: Callable[[int], None] = lambda units: None
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._keep_writing())

    @classmethod
    async def open(
        cls, place: Path, now: int, known: list[migrations.Migration] | None = None
    ) -> "SqliteStorage":
        """See `carrel.storage.open_storage`; `known` stands in for the program's own migrations."""
        if sqlite3.sqlite_version_info < (3, 35):
            raise Refused(f"SQLite 3.35 or newer is needed, this Python has {sqlite3.sqlite_version}.")
        place.parent.mkdir(parents=True, exist_ok=True)
        opened: list[aiosqlite.Connection] = []
        try:
            writer = await _connected(
                place,
                opened,
                "pragma journal_mode=wal",
                "pragma synchronous=full",
                f"pragma wal_autocheckpoint={PAGES_BEFORE_WRITER_CHECKPOINTS}",
                "pragma journal_size_limit=67108864",
            )
            await writer._execute(_migrate, writer._conn, known or migrations.known(), now)
            await _connected(place, opened, "pragma synchronous=full")
            for _ in range(READERS):
                await _connected(place, opened, "pragma query_only=on")
        except BaseException:
            for connection in opened:
                await _gone(connection)
            raise
        return cls(writer, opened[1], opened[2:])

    async def write(self, work: Work[T], *, brief: bool = False) -> T:
        if self._closing:
            raise Closed("the store is closing")
        future: asyncio.Future[T] = self._loop.create_future()
        self._waiting.append(_Unit(work, future, brief))
        self._wanted.set()
        return await future

    async def read(self, work: Work[T]) -> T:
        if self._closing:
            raise Closed("the store is closing")
        idlest = self._reading.index(min(self._reading))
        reader = self._readers[idlest]
        self._reading[idlest] += 1
        try:
            return await reader._execute(_read, reader._conn, work)
        finally:
            self._reading[idlest] -= 1

    def told(self) -> AsyncIterator[News]:
        return self._telling.told()

    async def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._wanted.set()
        await self._task
        self._telling.end()
        if self._checkpoint is not None:
            await asyncio.wait({self._checkpoint})
        for connection in [*self._readers, self._keeper, self._writer]:
            await _gone(connection)

    async def _keep_writing(self) -> None:
        begun = False
        while True:
            if self._waiting or begun:
                begun = await self._write_group(begun)
            elif self._closing:
                return
            else:
                self._wanted.clear()
                await self._wanted.wait()

    async def _write_group(self, begun: bool) -> bool:
        """
        Run units of work under one commit; each ends with a result or a failure.

        Returns:
            Whether the next transaction has been begun already.
        """
        connection = self._writer._conn
        thread = self._writer._execute
        group: list[_Unit] = []
        together: _Together | None = None
        again = False
        try:
            if not begun:
                await thread(_begin, connection)
            until = self._loop.time() + BRIEF_SECONDS
            while self._waiting and len(group) < UNITS_PER_COMMIT and self._loop.time() < until:
                unit = self._waiting.popleft()
                if unit.future.cancelled():
                    continue
                group.append(unit)
                if unit.brief:
                    together = together or _Together(connection)
                    together.run(unit)
                else:
                    if together is not None:
                        together.end()
                        together = None
                    await thread(_run, connection, unit)
            if together is not None:
                together.end()
            again = await thread(_commit, connection, self._waiting)
            self.on_commit(len(group))
        except BaseException as failure:
            await thread(_give_up, connection)
            told = _told(failure) if isinstance(failure, sqlite3.Error) else failure
            if not group and self._waiting:
                # No transaction could be begun: whoever waits longest hears it, lest they wait for ever.
                group.append(self._waiting.popleft())
            for unit in group:
                unit.failure = unit.failure or told
            if not isinstance(failure, Exception):
                raise
        finally:
            _tell(group)
        news = {patron: seq for unit in group if unit.failure is None for patron, seq in unit.news.items()}
        if news:
            self._telling.say(news)
        self._commits += 1
        if self._commits >= COMMITS_PER_CHECKPOINT and (self._checkpoint is None or self._checkpoint.done()):
            self._commits = 0
            self._checkpoint = asyncio.ensure_future(self._keep())
        return again

    async def _keep(self) -> None:
        """Copy the log into the database beside the writer, so that no commit has to wait for that."""
        try:
            await self._keeper._execute(_checkpoint, self._keeper._conn)
        except sqlite3.Error as said:
            log.warning("the log was not copied into the database this time: %s", said)


def alone(place: Path) -> sqlite3.Connection:
    """
    A connection to a file that nobody else has open until it is closed.

    Raises:
        Refused: somebody has it open.
        sqlite3.DatabaseError: it is no database, or a broken one.
    """
    here = sqlite3.connect(place, isolation_level=None, timeout=1)
    try:
        # Only who is alone can end the write-ahead log: a server that runs but writes nothing is noticed too.
        here.execute("pragma journal_mode=delete")
        here.execute("begin exclusive")
    except BaseException as said:
        here.close()
        if isinstance(said, sqlite3.OperationalError):
            raise Refused(
                f"{place} is in use ({said}). Stop the server that uses it, then try again. Nothing was changed."
            ) from said
        raise
    return here


async def _connected(place: Path, opened: list[aiosqlite.Connection], *pragmas: str) -> aiosqlite.Connection:
    # Used by two threads in turn, never at once: see above.
    connection = await aiosqlite.connect(
        place, isolation_level=None, cached_statements=512, check_same_thread=False
    )
    opened.append(connection)
    connection.row_factory = sqlite3.Row
    for pragma in (
        f"pragma busy_timeout={BUSY_MS}",
        "pragma foreign_keys=on",
        "pragma cache_size=-16000",
        "pragma temp_store=memory",
        *pragmas,
    ):
        await (await connection.execute(pragma)).close()
    return connection


async def _gone(connection: aiosqlite.Connection) -> None:
    """Close, and see the thread out: it is no daemon, and would keep the program from ending."""
    await connection.close()
    connection._thread.join()


def _migrate(connection: sqlite3.Connection, known: list[migrations.Migration], now: int) -> None:
    connection.execute("begin immediate")
    try:
        connection.execute(migrations.TABLE)
        applied = {row["number"]: row["digest"] for row in connection.execute("select * from migrations")}
        for migration in migrations.due(applied, known):
            for statement in migrations.statements(in_dialect[migration.sql]):
                connection.execute(statement)
            connection.execute(
                "insert into migrations (number, name, digest, applied_at) values (?, ?, ?, ?)",
                (migration.number, migration.name, migration.digest, now),
            )
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def _checkpoint(connection: sqlite3.Connection) -> None:
    connection.execute("pragma wal_checkpoint(passive)").fetchall()


def _read(connection: sqlite3.Connection, work: Work[T]) -> T:
    connection.execute("begin")
    try:
        return _drive(work, SqliteTransaction(connection, bold=False))
    finally:
        connection.execute("rollback")


def _begin(connection: sqlite3.Connection) -> None:
    connection.execute("begin immediate")


def _commit(connection: sqlite3.Connection, waiting: deque[_Unit]) -> bool:
    """Commit, and begin anew at once when somebody waits; tells whether it did."""
    connection.execute("commit")
    if not waiting:
        return False
    try:
        connection.execute("begin immediate")
    except sqlite3.Error:
        return False
    return True


def _give_up(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("rollback")


def _run(connection: sqlite3.Connection, unit: _Unit) -> None:
    """Run one unit of work; only what spoils the whole transaction is raised."""
    execute = connection.execute
    execute("savepoint unit")
    try:
        transaction = SqliteTransaction(connection, bold=True)
        try:
            unit.result = _drive(unit.work, transaction)
        except _AgainWithCare:
            execute("rollback to unit")
            transaction = SqliteTransaction(connection, bold=False)
            unit.result = _drive(unit.work, transaction)
        unit.news = transaction.news
    except BaseException as failure:
        unit.failure = failure
        if not connection.in_transaction:
            # A full disk or the like: SQLite gave up the whole transaction, not this unit alone.
            raise
        execute("rollback to unit")
    execute("release unit")


class _Together:
    """Brief units that share one savepoint, for as long as none of them raises."""

    __slots__ = ("_connection", "_units")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._units: list[_Unit] | None = []
        connection.execute("savepoint together")

    def run(self, unit: _Unit) -> None:
        """Run a unit; only what spoils the whole transaction is raised."""
        if self._units is None:
            _run(self._connection, unit)
            return
        self._units.append(unit)
        transaction = SqliteTransaction(self._connection, bold=True)
        try:
            unit.result = _drive(unit.work, transaction)
            unit.news = transaction.news
        except BaseException:
            if not self._connection.in_transaction:
                # A full disk or the like: SQLite gave up the whole transaction.
                raise
            self._each_by_itself(self._units)

    def _each_by_itself(self, units: list[_Unit]) -> None:
        self._units = None
        self._connection.execute("rollback to together")
        for unit in units:
            _run(self._connection, unit)

    def end(self) -> None:
        """Nothing more comes."""
        self._connection.execute("release together")
