"""GET /sync/1/events: the stream by which a phone hears that it should ask."""

import asyncio
from typing import cast

from litestar import asgi
from litestar.types import HTTPScope, Receive, Scope, Send

from carrel.gate import ASKED_BY_HEAD, cookies, refuse
from carrel.pokes.streams import Stream
from carrel.storage import Transaction, facts
from carrel_sync import library

PATH = "/sync/1/events"
AGAIN_MS = 5_000
"""What a phone may wait at first before it opens a stream anew; it chooses at random below that."""
FULL_SECONDS = b"60"

_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    # nginx would gather what is to be heard at once.
    (b"x-accel-buffering", b"no"),
]


@asgi(PATH, copy_scope=False)
async def events(scope: Scope, receive: Receive, send: Send) -> None:
    """
    Poke the phones of whoever is signed in.

    An event's id is the cursor of a phone that has read everything up to it; its data is the number of the
    change. `Last-Event-ID` is the cursor that the phone has: what has changed since then is told at once.
    """
    asked = cast(HTTPScope, scope)
    if asked["method"] != "GET":
        await refuse(send, "method", (b"allow", b"GET, HEAD"))
        return
    state = asked["litestar_app"].state
    signed, now = cookies(asked), state.now()
    patron: str | None = await state.storage.read(lambda tx: state.sessions.patron(tx, signed, now))
    if patron is None:
        await refuse(send, "auth")
        return
    if state.pokes.full:
        await refuse(send, "unavailable", (b"retry-after", FULL_SECONDS))
        return
    # A copy: granian's own list may hold more than this message needs, for as long as the stream lives.
    await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
    if asked.get(ASKED_BY_HEAD):
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    epoch = state.epoch

    def word(seq: int) -> bytes:
        return b'id: %b\ndata: {"me":%d}\n\n' % (library.mark(seq, patron, epoch).encode(), seq)

    async def say(said: bytes, more: bool) -> None:
        await send({"type": "http.response.body", "body": said, "more_body": more})

    stream = Stream(patron, state.sessions.key(signed), say, word, asyncio.get_running_loop().time())
    read_to = dict(asked["headers"]).get(b"last-event-id", b"").decode("latin-1")
    # From here on nothing is missed: what changes while the number is looked up is poked.
    state.pokes.add(stream)
    try:
        await say(b"retry: %d\n\n" % AGAIN_MS, True)

        async def number(tx: Transaction) -> int:
            return (await facts.numbers(tx, [patron])).get(patron, 0)

        seq = await state.storage.read(number)
        if read_to == library.mark(seq, patron, epoch):
            stream.knows(seq)
        stream.poke(seq)
        while (await receive())["type"] != "http.disconnect":
            pass
    finally:
        state.pokes.remove(stream)


handlers = [events]
