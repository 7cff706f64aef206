"""
An endpoint that reads a request and answers, and does nothing else: what the same server can do at the most.

Runs under granian inside this process, as `carrel.serving` does: `python tests/bench/nothing.py PORT`.
"""

import asyncio
import sys

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from litestar import Litestar, Request, get, post

ANSWER = b'{"v":1,"now":0,"epoch":"e","upto":0,"cur":""}'


@get("/session", media_type="application/json")
async def there() -> bytes:
    return b"{}"


@post("/nothing", status_code=200, media_type="application/json")
async def nothing(request: Request) -> bytes:
    await request.body()
    return ANSWER


async def main(port: int) -> None:
    app = Litestar([there, nothing], openapi_config=None)
    server = Server(
        app,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.auto,
        websockets=False,
        log_level=LogLevels.error,
    )
    await server.serve()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
