"""
The store on PostgreSQL: one database, shared by any number of nodes, each with a few connections.

A work function runs on the event loop, but what it awaits are only its own statements: it hands each
one to the driver below, so that waiting for anything else is noticed at once, as on SQLite. Each
statement sees what was committed when it began (`read committed`): whoever reads in order to change
locks first, see `carrel.storage.facts.lock`. A reading is one `repeatable read` transaction and sees
one state. What PostgreSQL undoes by itself (a deadlock, a connection lost before the commit) is run
again; a connection lost in the commit is a Fault, for nobody can know what became of it.

News for other nodes travel by NOTIFY over a connection of its own, about 20 ms after the commit and
many at once: a NOTIFY inside each unit of work makes commits wait in one line, and cuts writes to a
third.
"""

import asyncio
import contextlib
import logging
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator
from types import TracebackType
from typing import Any, Literal, NamedTuple, TypeVar

import asyncpg
import msgspec

from carrel.storage import Closed, Conflict, Fault, Refused, Row, Work, migrations
from carrel.storage.telling import News, Telling

log = logging.getLogger("carrel.storage")

T = TypeVar("T")

OLDEST = 14
"""The oldest major version of PostgreSQL that this is tried with."""
RUNS = 10
"""So often a unit of work is run before a deadlock is somebody else's to solve."""
CONNECT_SECONDS = 5
BRIEF_SECONDS = 20
READING_SECONDS = 60
STATEMENT_SECONDS = 900
"""After this long without an answer to a statement of a unit of work that is brief, that only reads, or of any
other, its connection counts as lost."""
LOCK_MS = 10_000
"""How long one unit of work waits for another's lock."""
NOTIFY_SECONDS = 0.02
CHANNEL = "carrel_facts"
_PAYLOAD_BYTES = 7_900
"""PostgreSQL takes up to 7,999."""
_MIGRATING = int.from_bytes(b"carrel")
"""The advisory lock under which a database is brought up to date."""

_TROUBLE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, Fault)

_BEGIN = "begin isolation level read committed read write"
_BEGIN_READING = "begin isolation level repeatable read read only"

_TO_READ = re.compile(
    r"(?P<ours>/\*postgres:(?P<inner>.*?)\*/)"
    r"|(?P<comment>/\*.*?\*/|--[^\n]*)"
    r"|(?P<literal>'(?:[^']|'')*'|\"[^\"]*\"|::)"
    r"|:(?P<name>[a-z_][a-z0-9_]*)",
    re.DOTALL,
)
_TEXT_COLUMN = re.compile(r"(?<=[a-z_] )text(?=[ ,\n])")


class Statement(NamedTuple):
    """A statement as PostgreSQL reads it."""

    sql: str
    names: tuple[str, ...]
    """Which value stands for $1, $2 and so on."""
    writes: bool
    """False: it only looks, and locks at the most."""


class _Dialect(dict[str, Statement]):
    """SQL as written, to SQL as PostgreSQL reads it; each statement is translated once."""

    def __missing__(self, sql: str) -> Statement:
        names: dict[str, int] = {}
        plain = _translated(sql, names).strip()
        self[sql] = made = Statement(plain, tuple(names), plain[:6].lower() != "select")
        return made


def _translated(sql: str, names: dict[str, int]) -> str:
    def one(found: re.Match[str]) -> str:
        if found["ours"]:
            return _translated(found["inner"], names)
        if found["name"]:
            return f"${names.setdefault(found['name'], len(names) + 1)}"
        if found["comment"]:
            return " "
        return found[0]

    return _TO_READ.sub(one, sql)


in_dialect = _Dialect()


def definition(sql: str) -> str:
    """
    What makes tables, as PostgreSQL reads it.

    Text is compared byte by byte as on SQLite, whatever the database's own
    collation: the same order on both, and no index that an upgrade of the
    operating system breaks.
    """
    return _TEXT_COLUMN.sub('text collate "C"', in_dialect[sql].sql)


class _AgainWithCare(BaseException):
    """Something has to be undone that was done without a savepoint: begin this unit of work anew."""


class _Again(Exception):
    """PostgreSQL undid the unit of work (a deadlock, a table that changed its shape): begin it anew."""


class _Lost(Exception):
    """The connection is gone."""


class _Asked:
    """A statement on its way from a work function to the driver."""

    __slots__ = ("how", "sql", "values")

    def __init__(
        self, how: Literal["all", "one", "run", "plain"], sql: str, values: dict[str, Any]
    ) -> None:
        self.how = how
        self.sql = sql
        self.values = values

    def __await__(self) -> Generator["_Asked", Any, Any]:
        return (yield self)


class PostgresTransaction:
    """
    A `carrel.storage.Transaction` whose statements the driver carries out.

    As on SQLite a unit of work is first run boldly, with no savepoint set, and again with savepoints when
    an exception leaves one after all.
    """

    __slots__ = ("_bold", "_depth", "news", "seconds", "wrote")

    def __init__(self, bold: bool, seconds: float) -> None:
        self._bold = bold
        self.seconds = seconds
        self._depth = 0
        self.news: dict[str, int] = {}
        self.wrote = False

    async def all(self, sql: str, /, **values: Any) -> list[Row]:
        return await _Asked("all", sql, values)  # type: ignore[no-any-return]

    async def one(self, sql: str, /, **values: Any) -> Row | None:
        return await _Asked("one", sql, values)  # type: ignore[no-any-return]

    async def run(self, sql: str, /, **values: Any) -> int:
        return await _Asked("run", sql, values)  # type: ignore[no-any-return]

    def savepoint(self) -> "_Savepoint":
        return _Savepoint(self)

    def tell(self, patron: str, seq: int, /) -> None:
        self.news[patron] = seq


class _Savepoint:
    __slots__ = ("_name", "_transaction")

    def __init__(self, transaction: PostgresTransaction) -> None:
        self._transaction = transaction

    async def __aenter__(self) -> None:
        transaction = self._transaction
        if transaction._bold:
            return
        transaction._depth += 1
        self._name = f"inner_{transaction._depth}"
        await _Asked("plain", f"savepoint {self._name}", {})

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        transaction = self._transaction
        if transaction._bold:
            if kind is not None and issubclass(kind, Exception):
                raise _AgainWithCare
            return
        if kind is not None and not issubclass(kind, Exception):
            return
        transaction._depth -= 1
        undone = f"rollback to {self._name};" if kind is not None else ""
        await _Asked("plain", f"{undone} release {self._name}", {})


class _Line:
    """One connection to the database: made when it is needed, and made anew after it was lost."""

    def __init__(self, dsn: str, begin: str) -> None:
        self._dsn = dsn
        self._prepared: dict[str, Any] = {}
        self.begin = begin
        self.connection: Any = None

    async def ready(self) -> None:
        """
        Raises:
            Fault: the database cannot be reached.
        """
        if self.connection is not None and not self.connection.is_closed():
            return
        self._prepared = {}
        try:
            self.connection = await connected(self._dsn)
        except _TROUBLE as said:
            raise Fault(f"PostgreSQL cannot be reached: {said}") from said

    async def plain(self, sql: str) -> str:
        """
        Carry out something that has no values and yields nothing; what PostgreSQL did, in its words.

        Raises:
            _Again, _Lost, Fault: as told by `_spoilt`.
        """
        try:
            return await self.connection.execute(sql)  # type: ignore[no-any-return]
        except _TROUBLE as said:
            raise self._spoilt(said) or said from said

    async def asked(self, asked: _Asked, transaction: PostgresTransaction) -> Any:
        """Carry out what a work function asked for, and give it what it hears in return."""
        if asked.how == "plain":
            return await self.plain(asked.sql)
        sql, names, writes = in_dialect[asked.sql]
        values = asked.values
        arguments = [without_nul(values[name]) for name in names]
        if writes:
            transaction.wrote = True
        try:
            statement = self._prepared.get(sql)
            if statement is None:
                statement = self._prepared[sql] = await self.connection.prepare(sql)
            if asked.how == "one":
                return await statement.fetchrow(*arguments, timeout=transaction.seconds)
            rows = await statement.fetch(*arguments, timeout=transaction.seconds)
            if asked.how == "all":
                return rows
            count = statement.get_statusmsg().rpartition(" ")[2]
            return int(count) if count.isdecimal() else 0
        except _TROUBLE as said:
            spoilt = self._spoilt(said)
            if spoilt is not None:
                raise spoilt from said
            if isinstance(said, asyncpg.UniqueViolationError):
                raise Conflict(str(said)) from said
            raise

    def _spoilt(self, said: Exception) -> Exception | None:
        """What to raise of something that ends the whole unit of work; None: the work function may hear it."""
        code = getattr(said, "sqlstate", None) or ""
        lost = (
            isinstance(said, OSError | TimeoutError | asyncpg.OutdatedSchemaCacheError)
            or self.connection.is_closed()
            or code.startswith(("08", "57P"))
        )
        if lost:
            self.drop()
            return _Lost(str(said) or type(said).__name__)
        if isinstance(said, asyncpg.InvalidCachedStatementError):
            self._prepared = {}
            return _Again(str(said))
        if code.startswith("40"):
            return _Again(str(said))
        if code == "25006" and self.begin == _BEGIN:
            self.drop()
            return Fault(f"PostgreSQL takes no writes: {said}")
        if code.startswith(("53", "55P03", "58", "XX")):
            return Fault(f"{said} (PostgreSQL code {code})")
        return None

    def drop(self) -> None:
        """Be done with a connection that is of no use."""
        if self.connection is not None:
            self.connection.terminate()

    async def close(self) -> None:
        if self.connection is not None and not self.connection.is_closed():
            with contextlib.suppress(*_TROUBLE):
                await self.connection.close(timeout=CONNECT_SECONDS)


async def _drive(work: Work[T], transaction: PostgresTransaction, line: _Line) -> T:
    """Run a work function to its end, each of its statements over this connection."""
    coroutine = work(transaction)
    answer: Any = None
    failure: Exception | None = None
    try:
        while True:
            try:
                asked = coroutine.send(answer) if failure is None else coroutine.throw(failure)  # type: ignore[attr-defined]
            except StopIteration as end:
                return end.value
            if type(asked) is not _Asked:
                raise RuntimeError(
                    f"expected {getattr(work, '__qualname__', work)!r} to await only its transaction, "
                    "but it waited for something else: fetch that before the transaction begins"
                )
            failure = None
            try:
                answer = await line.asked(asked, transaction)
            except (_Again, _Lost, Fault):
                raise
            except Exception as said:
                failure = said
    finally:
        coroutine.close()  # type: ignore[attr-defined]


async def _carried_out(work: Work[T], line: _Line, seconds: float) -> tuple[T, dict[str, int]]:
    """
    Carry out one unit of work, again where PostgreSQL undid it.

    Args:
        seconds: how long each of its statements may take.

    Returns:
        Its result, and the news of it.
    """
    bold = True
    lost = 0
    for _ in range(RUNS):
        committing = False
        transaction = PostgresTransaction(bold, seconds)
        try:
            await line.ready()
            await line.plain(line.begin)
            try:
                result = await _drive(work, transaction, line)
            except (_Lost, asyncio.CancelledError):
                raise
            except BaseException:
                if not line.connection.is_closed():
                    await line.plain("rollback")
                raise
            if not transaction.wrote:
                # It has locked at the most, and that is no reason to wait for the disk.
                await line.plain("rollback")
                return result, transaction.news
            committing = True
            if await line.plain("commit") != "COMMIT":
                raise RuntimeError(
                    f"expected {getattr(work, '__qualname__', work)!r} to let a failed statement's exception leave "
                    "its savepoint, but it went on: nothing was kept"
                )
            return result, transaction.news
        except _AgainWithCare:
            bold = False
        except _Again as said:
            log.info("run again, because PostgreSQL undid it: %s", said)
        except _Lost as said:
            lost += 1
            if committing:
                raise Fault(f"the connection was lost in a commit, which may have been kept: {said}") from said
            if lost > 1:
                raise Fault(f"the connection was lost: {said}") from said
    raise Fault(f"PostgreSQL undid a unit of work {RUNS} times, because others wanted the same")


class _Unit(NamedTuple):
    """A unit of work on its way, and whom to tell what came of it."""

    work: Work[Any]
    future: asyncio.Future[Any]
    seconds: float
    """How long each of its statements may take."""


class _Ears:
    """What one node hears from the others, and tells them."""

    def __init__(self, dsn: str, telling: Telling) -> None:
        self._line = _Line(dsn, _BEGIN)
        self._telling = telling
        self._unsaid: dict[str, int] = {}
        self._wanted = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Listen from here on."""
        await self._listen()
        self._task = asyncio.create_task(self._keep())

    def say(self, news: dict[str, int]) -> None:
        """Tell this node's listeners now, and those of others soon."""
        self._telling.say(news)
        for patron, seq in news.items():
            self._unsaid[patron] = max(seq, self._unsaid.get(patron, 0))
        self._wanted.set()

    async def close(self) -> None:
        self._closing = True
        self._wanted.set()
        if self._task is not None:
            await self._task
        await self._line.close()

    async def _listen(self) -> None:
        await self._line.ready()
        connection = self._line.connection
        await connection.execute("set synchronous_commit = off")
        await connection.add_listener(CHANNEL, self._hear)
        connection.add_termination_listener(lambda _: self._wanted.set())

    def _hear(self, _: Any, sender: int, channel: str, payload: object) -> None:
        if sender == self._line.connection.get_server_pid():
            return
        try:
            self._telling.say(msgspec.json.decode(str(payload), type=dict[str, int]))
        except msgspec.DecodeError:
            self._telling.say(None)

    async def _keep(self) -> None:
        pause = 0.1
        news: dict[str, int] = {}
        while True:
            try:
                await self._wanted.wait()
                if self._line.connection.is_closed():
                    await self._listen()
                    log.warning("listening to other nodes again")
                    self._telling.say(None)
                if not self._closing:
                    await asyncio.sleep(NOTIFY_SECONDS)
                self._wanted.clear()
                news, self._unsaid = self._unsaid, {}
                for payload in _payloads(news):
                    await self._line.connection.execute("select pg_notify($1, $2)", CHANNEL, payload)
                news = {}
                pause = 0.1
            except _TROUBLE as said:
                log.warning("other nodes cannot be heard for the moment: %s", said)
                self._unsaid = news | self._unsaid
                self._line.drop()
                self._wanted.set()
                if not self._closing:
                    await asyncio.sleep(pause)
                pause = min(pause * 2, 10)
            if self._closing:
                return


def _payloads(news: dict[str, int]) -> list[str]:
    """News as texts that fit into a NOTIFY each."""
    whole: list[list[tuple[str, int]]] = [[]]
    size = 2
    for patron, seq in news.items():
        size += len(msgspec.json.encode(patron)) + 22
        if size > _PAYLOAD_BYTES:
            whole.append([])
            size = 2
        whole[-1].append((patron, seq))
    return [msgspec.json.encode(dict(each)).decode() for each in whole if each]


class _Crew:
    """
    A few connections that carry out units of work, each one unit at a time.

    The one that was busy last goes first: a node with little to do needs one connection and prepares
    each statement once.
    """

    def __init__(self, lines: list[_Line], news: Callable[[dict[str, int]], None]) -> None:
        self._idle = lines
        self._waiting: deque[_Unit] = deque()
        self._busy: set[asyncio.Task[None]] = set()
        self._news = news

    def ask(self, unit: _Unit) -> None:
        if not self._idle:
            self._waiting.append(unit)
            return
        task = asyncio.create_task(self._work(self._idle.pop(), unit))
        self._busy.add(task)
        task.add_done_callback(self._busy.discard)

    async def close(self) -> None:
        """Carry out what waits, and hang up."""
        while self._busy:
            await asyncio.wait(self._busy)
        for line in self._idle:
            await line.close()

    async def _work(self, line: _Line, unit: _Unit | None) -> None:
        while unit is not None:
            if not unit.future.done():
                await self._one(line, unit)
            unit = self._waiting.popleft() if self._waiting else None
        self._idle.append(line)

    async def _one(self, line: _Line, unit: _Unit) -> None:
        try:
            result, news = await _carried_out(unit.work, line, unit.seconds)
        except BaseException as failure:
            if not unit.future.done():
                unit.future.set_exception(failure)
            if not isinstance(failure, Exception):
                raise
            return
        if news:
            self._news(news)
        if not unit.future.done():
            unit.future.set_result(result)


class PostgresStorage:
    """A `carrel.storage.Storage` over one node's connections. Open it with `open`, and close it."""

    def __init__(self, dsn: str, connections: int) -> None:
        self._telling = Telling()
        self._ears = _Ears(dsn, self._telling)
        readers = max(1, connections // 4)
        writers = max(1, connections - readers)
        self._writers = _Crew([_Line(dsn, _BEGIN) for _ in range(writers)], self._ears.say)
        self._readers = _Crew([_Line(dsn, _BEGIN_READING) for _ in range(readers)], self._ears.say)
        self.on_commit: Callable[[int], None] = lambda units: None
        self._closing = False

    @classmethod
    async def open(
        cls, dsn: str, now: int, connections: int, known: list[migrations.Migration] | None = None
    ) -> "PostgresStorage":
        """See `carrel.storage.open_storage`; `known` stands in for the program's own migrations."""
        storage = cls(dsn, connections)
        try:
            await bring_up_to_date(dsn, known or migrations.known(), now)
            await storage._ears.open()
        except BaseException:
            await storage._ears.close()
            raise
        return storage

    async def write(self, work: Work[T], *, brief: bool = False) -> T:
        return await self._wanted(self._writers, work, BRIEF_SECONDS if brief else STATEMENT_SECONDS)

    async def read(self, work: Work[T]) -> T:
        return await self._wanted(self._readers, work, READING_SECONDS)

    def told(self) -> AsyncIterator[News]:
        return self._telling.told()

    async def close(self) -> None:
        self._closing = True
        await self._writers.close()
        await self._readers.close()
        await self._ears.close()
        self._telling.end()

    async def _wanted(self, crew: _Crew, work: Work[T], seconds: float) -> T:
        if self._closing:
            raise Closed("the store is closing")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        crew.ask(_Unit(work, future, seconds))
        return await future


async def connected(dsn: str) -> Any:
    return await asyncpg.connect(
        dsn,
        timeout=CONNECT_SECONDS,
        command_timeout=BRIEF_SECONDS,
        target_session_attrs="primary",
        server_settings={
            "application_name": "carrel",
            "idle_in_transaction_session_timeout": "60000",
            "jit": "off",
            "plan_cache_mode": "force_generic_plan",
            "lock_timeout": str(LOCK_MS),
            "tcp_keepalives_idle": "30",
        },
    )


async def bring_up_to_date(dsn: str, known: list[migrations.Migration], now: int) -> None:
    """
    Bring the database up to date.

    Raises:
        Refused: it cannot be reached or is not fit; the message says why and what to do.
    """
    try:
        connection = await connected(dsn)
    except ValueError as said:
        raise Refused(f"{without_password(dsn)} cannot be read as the address of a database: {said}.") from said
    except _TROUBLE as said:
        told = str(said).rstrip(".") or "there was no answer"
        raise Refused(
            f"The database at {without_password(dsn)} cannot be opened: {told}. "
            "Check that PostgreSQL is running there, and that the database and the role exist."
        ) from said
    try:
        if connection.get_server_version().major < OLDEST:
            raise Refused(
                f"PostgreSQL {OLDEST} or newer is needed, this is {connection.get_server_version().major}."
            )
        encoding = connection.get_settings().server_encoding
        if encoding != "UTF8":
            raise Refused(
                f"The database keeps text as {encoding}, which cannot hold every name and title. "
                "Make one with: create database carrel encoding 'UTF8' template template0"
            )
        if await connection.fetchval("select current_setting('synchronous_commit')") == "off":
            raise Refused(
                "This PostgreSQL answers before a change is on the disk (synchronous_commit is off), "
                "and phones forget what was answered. Switch it on for this database."
            )
        if await connection.fetchval("select current_setting('fsync')") == "off":
            log.warning("this PostgreSQL does not wait for the disk (fsync is off): a power cut can lose answered wishes")
        await _migrate(connection, known, now)
    except asyncpg.InsufficientPrivilegeError as said:
        raise Refused(
            f"The role may not make tables in this database ({said}). Make it the database's owner."
        ) from said
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


async def _migrate(connection: Any, known: list[migrations.Migration], now: int) -> None:
    async with connection.transaction():
        await connection.execute("set local lock_timeout = 0")
        await connection.execute("select pg_advisory_xact_lock($1)", _MIGRATING, timeout=STATEMENT_SECONDS)
        await connection.execute(definition(migrations.TABLE))
        rows = await connection.fetch("select number, digest from migrations")
        for migration in migrations.due({row["number"]: row["digest"] for row in rows}, known):
            for statement in migrations.statements(definition(migration.sql)):
                await connection.execute(statement, timeout=STATEMENT_SECONDS)
            await connection.execute(
                "insert into migrations (number, name, digest, applied_at) values ($1, $2, $3, $4)",
                migration.number,
                migration.name,
                migration.digest,
                now,
            )


def without_nul(value: Any) -> Any:
    """A value as PostgreSQL can keep it: it keeps no NUL in a text, so the sign for one takes its place."""
    return value.replace("\0", "\u2400") if type(value) is str and "\0" in value else value


def without_password(dsn: str) -> str:
    """An address that may be shown and logged."""
    return re.sub(r"(?<=://)([^:@/]*):[^@/]*@", r"\1@", re.sub(r"(?i)(password=)[^&]*", r"\1…", dsn))
