"""A page that listens, straight on the application: an HTTP client in one process would wait for the end."""

import asyncio
import re
from typing import Any


class Listening:
    """One open stream of whoever the client's cookies say."""

    def __init__(self, client: Any, read_to: str = "", method: str = "GET") -> None:
        headers = [(b"host", b"127.0.0.1:8765"), (b"accept", b"text/event-stream")]
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        headers += [(b"cookie", cookies.encode())] if cookies else []
        headers += [(b"last-event-id", read_to.encode())] if read_to else []
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": "/sync/1/events", "raw_path": b"/sync/1/events", "query_string": b"", "root_path": "",
            "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8765), "state": {},
        }  # fmt: skip
        self.status = 0
        self.headers: dict[str, str] = {}
        self.text = ""
        self.ended = False
        self._gone = asyncio.Event()
        self._task = asyncio.create_task(client.app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.text += message.get("body", b"").decode()
            if not message.get("more_body"):
                self.ended = True
                self._gone.set()

    @property
    def pokes(self) -> list[int]:
        """The numbers that were said, in order."""
        return [int(number) for number in re.findall(r'^data: \{"me":(\d+)\}$', self.text, re.MULTILINE)]

    @property
    def last_id(self) -> str:
        """The id of the latest poke."""
        return re.findall(r"^id: (.+)$", self.text, re.MULTILINE)[-1]

    async def until(self, claim: Any) -> None:
        """Wait for what must come to be; after thousands of turns it is taken that it never will."""
        for _ in range(4_000):
            if claim(self):
                return
            await asyncio.sleep(0.005)
        raise AssertionError(f"waited in vain; heard {self.text!r}, ended: {self.ended}")

    async def open(self) -> "Listening":
        """Once the stream has begun and what there was to say at first has been said."""
        await self.until(lambda each: each.ended or "retry:" in each.text)
        for _ in range(10):
            await asyncio.sleep(0.005)
        return self

    async def leave(self) -> None:
        """The page closes the stream."""
        self._gone.set()
        await self._task
