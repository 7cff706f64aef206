"""
Who is to be told at once, and the telling: one open stream for each page that is being looked at.

A poke holds a number and nothing else, so a stream can neither lose nor leak anything: a phone that
misses one finds the change when it next asks. Knows no capability, no HTTP and no SQL.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping

from carrel.storage.telling import News

log = logging.getLogger("carrel.pokes")

BEAT_SECONDS = 25
"""A sign of life so often: proxies cut what is silent for a minute, and a phone gives up after as long."""
LIFE_SECONDS = 15 * 60
"""Then a stream ends and the phone opens another: who is signed in is looked up again."""
STREAMS_PER_PATRON = 20
"""When one more is opened, the one that was opened first ends."""

BEAT = b":\n\n"

Send = Callable[[bytes, bool], Awaitable[None]]
"""(bytes, whether more follow). May wait as long as the other side takes its time."""


class Stream:
    """
    One open stream.

    What is to be said is kept as one number, so a phone that takes its time is told the latest change once
    and never holds anybody up.
    """

    __slots__ = ("_began", "_ending", "_said", "_saying", "_send", "_wanted", "_word", "patron", "session")

    def __init__(
        self, patron: str, session: str, send: Send, word: Callable[[int], bytes], began: float
    ) -> None:
        """
        Args:
            session: what names the session by which it was opened.
            word: makes a poke of a change's number.
            began: seconds, by the clock of the event loop.
        """
        self.patron = patron
        self.session = session
        self._send = send
        self._word = word
        self._began = began
        self._said = self._wanted = 0
        self._ending = False
        self._saying: asyncio.Task[None] | None = None

    def knows(self, seq: int) -> None:
        """The phone has read up to this number already."""
        self._said = max(self._said, seq)

    def poke(self, seq: int) -> None:
        """Say that there is a change of this number, unless that or a later one was said."""
        self._wanted = max(self._wanted, seq)
        if self._wanted > self._said:
            self._speak()

    def beat(self) -> None:
        """Say that the library is still there; a poke on its way says so as well."""
        if self._saying is None and not self._ending:
            self._saying = asyncio.get_running_loop().create_task(self._say(BEAT))

    def end(self) -> None:
        """Say that nothing more comes; whoever waits for the other side to go sees it go."""
        if not self._ending:
            self._ending = True
            self._speak()

    def drop(self) -> None:
        """Forget what was to be said: the other side has gone."""
        self._ending = True
        if self._saying is not None:
            self._saying.cancel()

    def older_than(self, at: float) -> bool:
        """Whether it was opened before an instant of the event loop's clock."""
        return self._began < at

    def _speak(self) -> None:
        if self._saying is None:
            self._saying = asyncio.get_running_loop().create_task(self._say(b""))

    async def _say(self, first: bytes) -> None:
        try:
            if first:
                await self._send(first, True)
            while self._wanted > self._said and not self._ending:
                self._said = self._wanted
                await self._send(self._word(self._said), True)
            if self._ending:
                await self._send(b"", False)
        except Exception as why:
            log.debug("a stream broke off: %s", type(why).__name__)
            self._ending = True
        finally:
            self._saying = None
            if self._wanted > self._said and not self._ending:
                self._speak()


class Pokes:
    """All open streams of this process."""

    def __init__(self, most: int) -> None:
        self.most = most
        """So many streams at the same time."""
        self._streams: dict[str, dict[Stream, None]] = {}
        self._count = 0
        self._ended = False

    @property
    def count(self) -> int:
        """How many streams are open."""
        return self._count

    @property
    def full(self) -> bool:
        """Whether nobody else can be taken in: phones then go on asking from time to time."""
        return self._ended or self._count >= self.most

    def add(self, stream: Stream) -> None:
        """Take a stream in."""
        theirs = self._streams.setdefault(stream.patron, {})
        if len(theirs) >= STREAMS_PER_PATRON:
            next(iter(theirs)).end()
        theirs[stream] = None
        self._count += 1
        if self._ended:
            stream.end()

    def remove(self, stream: Stream) -> None:
        """Let a stream go, which its phone has left. Saying it twice is no fault."""
        stream.drop()
        theirs = self._streams.get(stream.patron, {})
        if stream in theirs:
            del theirs[stream]
            self._count -= 1
            if not theirs:
                del self._streams[stream.patron]

    def end_session(self, session: str) -> None:
        """End what was opened by this session; "" is nobody's."""
        for stream in list(self._all()):
            if session and stream.session == session:
                stream.end()

    def end(self) -> None:
        """End every stream and take in no more, so that the process can stop."""
        self._ended = True
        for stream in self._all():
            stream.end()

    def hear(self, news: Mapping[str, int]) -> None:
        """Poke the streams of those whose facts have changed."""
        for patron, seq in news.items():
            for stream in self._streams.get(patron, ()):
                stream.poke(seq)

    async def listen(
        self,
        told: Callable[[], AsyncIterator[News]],
        numbers: Callable[[Iterable[str]], Awaitable[Mapping[str, int]]],
    ) -> None:
        """
        Pass on whatever the store tells, until it closes.

        Args:
            told: see `carrel.storage.Storage.told`.
            numbers: the latest change of each of these patrons, asked for when
                some news may have been missed.
        """
        async for news in told():
            try:
                self.hear(await numbers(list(self._streams)) if news is None else news)
            except Exception as why:
                # A poke is a hint: the phones of this one find the change when they next ask.
                log.error("open streams could not be told of a change", exc_info=why)

    async def keep_alive(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Give each stream its sign of life, and end those that are old; a few at a time, for ever."""
        turn = 0
        while True:
            await sleep(1)
            turn = (turn + 1) % BEAT_SECONDS
            old = asyncio.get_running_loop().time() - LIFE_SECONDS
            for place, stream in enumerate(self._all()):
                if stream.older_than(old):
                    stream.end()
                elif place % BEAT_SECONDS == turn:
                    stream.beat()

    def _all(self) -> Iterable[Stream]:
        return [stream for theirs in self._streams.values() for stream in theirs]
