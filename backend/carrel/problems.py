"""
What a broken message is answered with: application/problem+json, in plain words, and nothing of our insides.

A refusal of a wish is never one of these; it is an answer.
"""

import logging
import secrets
from collections.abc import Mapping

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from carrel.storage import Closed, Fault
from carrel_sync.messages import Problem

MEDIA_TYPE = "application/problem+json"

SAID: dict[str, tuple[int, str]] = {
    "malformed": (400, "The message could not be read. Update the app, then send it again."),
    "auth": (401, "You are not signed in. Sign in as the same reader; everything you asked for is kept."),
    "no-match": (401, "Card number and code do not match. Check both, or ask the library for a new code."),
    "origin": (403, "The message came from another site, so nothing was done. Open the library's own app."),
    "staff-only": (403, "This is for the library's staff, so nothing is shown. Sign in as a member of staff."),
    "not-found": (404, "There is nothing at this address. Check it, or start from the first page."),
    "no-catalogue": (404, "This library has no catalogue yet. Its staff build one with carrel catalogue build."),
    "no-part": (404, "That part of the catalogue is gone. Ask for the manifest again."),
    "no-record": (404, "The catalogue has no such record. Search for it by its title."),
    "method": (405, "This address cannot be used in that way. Update the app, then try again."),
    "too-large": (413, "The message is too large. Send it in smaller parts."),
    "not-json": (415, "The message has to be JSON. Update the app, then send it again."),
    "too-many-tries": (429, "Too many codes were tried for this card. Wait a quarter of an hour, then try again."),
    "fault": (500, "Something broke at the library, and it was noted. Try again in a while."),
    "unavailable": (503, "The library cannot answer just now. Try again in a few seconds; nothing was lost."),
    "store-silent": (503, "The account database does not answer in time. Look at it; this node asks again by itself."),
    "store-older": (503, "The account database is older than this program. Stop this node and start it again."),
    "app-not-built": (503, "The app has not been built on this machine. Run make build, then start the library again."),
}
"""Code, to its status and what it says: what happened, then what to do."""

_BY_STATUS = {
    400: "malformed",
    401: "auth",
    403: "origin",
    404: "not-found",
    405: "method",
    413: "too-large",
    415: "not-json",
    422: "malformed",
    503: "unavailable",
}

log = logging.getLogger("carrel")


class Broken(Exception):
    """A message that cannot be answered as asked; `code` is one of `SAID`."""

    def __init__(self, code: str, **headers: str) -> None:
        super().__init__(code)
        self.code = code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def problem(code: str) -> Problem:
    """The problem that this code names."""
    status, title = SAID[code]
    return Problem(f"urn:carrel:problem:{code}", title, status, code)


def encoded(told: Problem) -> bytes:
    """A problem's body."""
    return msgspec.json.encode(told)


def response(told: Problem, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """A problem as Litestar sends it."""
    return Response(
        encoded(told),
        status_code=told.status,
        media_type=MEDIA_TYPE,
        headers={"cache-control": "no-store", **(headers or {})},
    )


def for_exception(raised: Exception, number: str = "") -> tuple[Problem, dict[str, str]]:
    """What to tell of an exception, and with which headers; what nobody expected is logged under a number."""
    if isinstance(raised, Broken):
        return problem(raised.code), raised.headers
    if isinstance(raised, HTTPException) and raised.status_code < 500:
        code = _BY_STATUS.get(raised.status_code, "malformed")
        kept = {"allow": raised.headers["allow"]} if raised.headers and "allow" in raised.headers else {}
        return problem(code), kept
    if isinstance(raised, Fault | Closed):
        log.warning("the store cannot go on: %s", raised)
        return problem("unavailable"), {"retry-after": "5"}
    number = number or secrets.token_hex(4)
    log.error("fault %s", number, exc_info=raised)
    status, title = SAID["fault"]
    return Problem("urn:carrel:problem:fault", f"{title} Its number is {number}.", status, "fault"), {}


def handle(request: Request, raised: Exception) -> Response[bytes]:
    """Litestar's exception handler for everything."""
    number = secrets.token_hex(4)
    told, headers = for_exception(raised, number)
    if told.code == "fault":
        request.scope["carrel.incident"] = number  # type: ignore[typeddict-unknown-key]
    return response(told, headers)
