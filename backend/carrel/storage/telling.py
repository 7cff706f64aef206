"""
Who is to look again: the news that patrons' facts have changed, inside one process.

Holds no facts and no SQL. News that nobody has taken yet is kept as one number for each patron, so that
a listener that is slow costs no more than there are patrons.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping

News = Mapping[str, int] | None
"""By patron, the number of the latest change to their facts; None: some may have been missed, everybody looks."""


class Telling:
    """Hands news to every listener of one store. To be used on its event loop."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._ended = False

    def say(self, news: News) -> None:
        """Let every listener know."""
        for listener in self._listeners:
            listener.hear(news)

    def end(self) -> None:
        """Say nothing any more: every listener's loop ends when it has taken what it was told."""
        self._ended = True
        for listener in self._listeners:
            listener.wanted.set()

    def told(self) -> AsyncIterator[News]:
        """See `carrel.storage.Storage.told`."""
        listener = _Listener()
        self._listeners.add(listener)
        return self._news_for(listener)

    async def _news_for(self, listener: "_Listener") -> AsyncIterator[News]:
        try:
            while True:
                while not listener.has_news and not self._ended:
                    listener.wanted.clear()
                    await listener.wanted.wait()
                if not listener.has_news:
                    return
                yield listener.take()
        finally:
            self._listeners.discard(listener)


class _Listener:
    __slots__ = ("_everybody", "_news", "wanted")

    def __init__(self) -> None:
        self._news: dict[str, int] = {}
        self._everybody = False
        self.wanted = asyncio.Event()

    @property
    def has_news(self) -> bool:
        return self._everybody or bool(self._news)

    def hear(self, news: News) -> None:
        if news is None:
            self._everybody = True
        else:
            for patron, seq in news.items():
                self._news[patron] = max(seq, self._news.get(patron, 0))
        self.wanted.set()

    def take(self) -> News:
        news: News = None if self._everybody else self._news
        self._everybody = False
        self._news = {}
        return news
