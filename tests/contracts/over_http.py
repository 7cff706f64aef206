"""The made-up library system behind HTTP on this machine, for what only a real network does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from httpx import AsyncClient, ConnectError, HTTPError

from carrel.connectors.fake import Carry, FakeSystem, NoAnswer, Unreached

ANSWER_SECONDS = 0.3


@asynccontextmanager
async def over_http(system: FakeSystem) -> AsyncIterator[Carry]:
    """Serve it on a free port; a question that has no answer is left to hang."""
    left: set[asyncio.StreamWriter] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left.add(writer)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        body = await reader.readexactly(int(head.split("content-length:")[1].split("\r\n")[0]))
        try:
            told, status = await system.ask(body), "200 OK"
        except Unreached:
            told, status = b"", "503 Service Unavailable"
        except NoAnswer:
            return
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {len(told)}\r\nconnection: close\r\n\r\n".encode() + told)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def carry(asked: bytes) -> bytes:
        try:
            async with AsyncClient(timeout=ANSWER_SECONDS) as client:
                told = await client.post(f"http://127.0.0.1:{port}/", content=asked)
        except ConnectError as said:
            raise Unreached from said
        except HTTPError as said:
            raise NoAnswer from said
        if told.status_code == 503:
            raise Unreached
        return told.content

    try:
        yield carry
    finally:
        server.close()
        for writer in left:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        await server.wait_closed()
