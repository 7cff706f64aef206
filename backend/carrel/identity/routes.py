"""Sign-in and sign-out over HTTP."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post

from carrel.gate import cookies
from carrel.identity import store
from carrel.identity.model import CodeSignIn, DemoPatron, DemoSignIn, SessionView, Someone
from carrel.problems import Broken
from carrel.storage import Transaction

NOT_KEPT = {"cache-control": "no-store"}


async def _read(request: Request[Any, Any, Any], kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as said:
        raise Broken("malformed") from said


@get("/session", name="session")
async def session(request: Request[Any, Any, Any]) -> Response[SessionView]:
    """Who is signed in."""
    state = request.app.state
    signed, now = cookies(request.scope), state.now()

    async def work(tx: Transaction) -> Someone | None:
        patron_id = await state.sessions.patron(tx, signed, now)
        name = patron_id and await state.register.name_of(tx, patron_id)
        return Someone(patron_id, name) if patron_id and name else None

    return Response(SessionView(await state.storage.read(work), state.demo), headers=NOT_KEPT)


@get("/session/demo")
async def demo_patrons(request: Request[Any, Any, Any]) -> Response[list[DemoPatron]]:
    """Whom one may be in a demo."""
    state = request.app.state
    return Response(await state.storage.read(state.register.demo_patrons), headers=NOT_KEPT)


@post("/session/demo", status_code=200)
async def sign_in_to_demo(request: Request[Any, Any, Any]) -> Response[SessionView]:
    """Sign in as a made-up person, with no proof; there only under `carrel demo`."""
    state = request.app.state
    asked: DemoSignIn = await _read(request, DemoSignIn)
    signed = cookies(request.scope)
    cookie, begin = state.sessions.beginning(signed, state.now())

    async def work(tx: Transaction) -> Someone:
        for patron in await state.register.demo_patrons(tx):
            if patron.id == asked.patron:
                await begin(tx, patron.id)
                return Someone(patron.id, patron.name)
        raise Broken("not-found")

    someone = await state.storage.write(work)
    state.pokes.end_session(state.sessions.key(signed))
    return Response(SessionView(someone, True), headers={**NOT_KEPT, "set-cookie": cookie})


@post("/session/code", status_code=200)
async def sign_in_with_code(request: Request[Any, Any, Any]) -> Response[SessionView]:
    """Sign in with a card number and the one-time code that staff gave out for it."""
    state = request.app.state
    asked: CodeSignIn = await _read(request, CodeSignIn)
    signed, now = cookies(request.scope), state.now()
    cookie, begin = state.sessions.beginning(signed, now)

    async def work(tx: Transaction) -> Someone | str:
        patron_id = await state.register.holder_of(tx, asked.card_number)
        tried = await store.try_code(
            tx, asked.card_number, patron_id, asked.code, now, state.settings.code_tries
        )
        if tried != "in":
            return tried
        await begin(tx, patron_id)
        return Someone(patron_id, await state.register.name_of(tx, patron_id) or "")

    told = await state.storage.write(work)
    if told == "too-many":
        raise Broken("too-many-tries", retry_after="900")
    if told == "no":
        raise Broken("no-match")
    state.pokes.end_session(state.sessions.key(signed))
    return Response(SessionView(told, state.demo), headers={**NOT_KEPT, "set-cookie": cookie})


@post("/session/end", status_code=200)
async def sign_out(request: Request[Any, Any, Any]) -> Response[SessionView]:
    """Sign out; the token is worth nothing from here on, wherever it was copied to."""
    state = request.app.state
    signed = cookies(request.scope)
    await state.storage.write(lambda tx: state.sessions.end(tx, signed))
    state.pokes.end_session(state.sessions.key(signed))
    return Response(
        SessionView(None, state.demo), headers={**NOT_KEPT, "set-cookie": state.sessions.ending}
    )


handlers = [session, sign_in_with_code, sign_out]
demo_handlers = [demo_patrons, sign_in_to_demo]
