"""A phone that talks to a library over HTTP, as plainly as can be: for tests of the library's side."""

import gzip
import json
import secrets
import time
from typing import Any

OUR_PAGE = {"sec-fetch-site": "same-origin"}


def identity() -> str:
    """A UUIDv7."""
    text = f"{int(time.time() * 1000):012x}{secrets.token_hex(10)}"
    return f"{text[:8]}-{text[8:12]}-7{text[13:16]}-8{text[17:20]}-{text[20:]}"


def device() -> str:
    """A name for a phone, as minted at sign-in."""
    return f"d_{secrets.token_hex(16)}"


def note(n: int, text: str = "a note", u: str = "", **more: Any) -> dict[str, Any]:
    """A wish of the small house."""
    return {"n": n, "u": u or identity(), "op": "notes.keep@1", "at": 0, "args": {"text": text}, **more}


def message(dev: str, *wishes: Any, **more: Any) -> bytes:
    """The body of POST /sync/1, compressed."""
    return gzip.compress(json.dumps({"v": 1, "dev": dev, "epoch": "", "intents": wishes, **more}).encode(), 1)


SYNC = {**OUR_PAGE, "content-type": "application/json", "content-encoding": "gzip"}


async def sign_in(client: Any, patron: str) -> None:
    """Sign in as one of a demo's patrons; the client keeps the cookie."""
    answer = await client.post("/session/demo", json={"patron": patron}, headers=OUR_PAGE)
    assert answer.status_code == 200, answer.text


async def push(client: Any, dev: str, *wishes: Any, **more: Any) -> dict[str, Any]:
    """Send wishes and return the library's reply, which must be one."""
    answer = await client.post("/sync/1", content=message(dev, *wishes, **more), headers=SYNC)
    assert answer.status_code == 200, answer.text
    return answer.json()
