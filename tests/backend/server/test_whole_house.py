"""Carrel's own capabilities, wired as they are served: nobody meets anything of anybody else's."""

import itertools
from datetime import datetime

from carrel import demo
from carrel.app import the_house
from carrel.connectors.fake import Borrower, FakeConnector, FakeSystem
from carrel.hours.rules import LONDON, day_of
from carrel.loans.elsewhere import store as elsewhere
from carrel.patrons import store as patrons
from carrel.pokes import routes as pokes
from tests.backend.phone import OUR_PAGE, SYNC, device, identity, message, push, sign_in


async def furnished(client):
    state = client.app.state
    today = datetime.fromtimestamp(state.now() / 1000, LONDON).date()
    await demo.furnish(state.storage, today, state.now(), 1)
    return [patron.id for patron in await state.storage.read(patrons.demo_patrons)]


async def everything(client):
    """All facts of whoever is signed in, by kind and id."""
    dev, reply = device(), {"more": True, "cur": ""}
    facts = {}
    while reply.get("more"):
        reply = await push(client, dev, cur=reply["cur"])
        facts |= {(row[0], row[1]): row[3] for row in reply.get("rows", [])}
    return facts


def wish(n, op, **args):
    return {"n": n, "u": identity(), "op": op, "at": 0, "args": args}


def test_every_demo_patron_holds_their_own_facts_and_no_two_share_one(small_library):
    async def test(client):
        seen: dict[tuple[str, str], str] = {}
        for patron in await furnished(client):
            await sign_in(client, patron)
            facts = await everything(client)
            assert ("patron", patron) in facts
            assert [id for kind, id in facts if kind == "patron"] == [patron]
            for fact in facts:
                if fact[0] != "systems":
                    assert seen.setdefault(fact, patron) == patron
            assert [id for kind, id in facts if kind == "systems"] in ([], ["forum"])
        assert {kind for kind, _ in seen} == {"patron", "loans", "bookings"}

    small_library.play(test, house=the_house())


def test_nothing_of_another_patrons_can_be_renewed_or_cancelled(small_library):
    async def test(client):
        first, *others = await furnished(client)
        await sign_in(client, first)
        before = await everything(client)
        loans = [id for kind, id in before if kind == "loans"]
        bookings = [id for kind, id in before if kind == "bookings"]
        assert loans
        assert bookings
        await sign_in(client, others[0])
        asked = [wish(n, "loans.renew@1", loan=id) for n, id in enumerate(loans, 1)]
        asked += [wish(n, "bookings.cancel@1", booking=id) for n, id in enumerate(bookings, len(asked) + 1)]
        asked.append(wish(len(asked) + 1, "loans.renew@1", loan="there is none"))
        reply = await push(client, device(), *asked)
        told = {(o["st"], o["code"]) for o in reply["outcomes"]}
        assert told == {("refused", "not_yours")}
        assert len(reply["outcomes"]) == len(asked)
        await sign_in(client, first)
        assert await everything(client) == before

    small_library.play(test, house=the_house())


def test_no_route_tells_a_stranger_who_has_or_booked_what(small_library):
    async def test(client):
        first, other, *_ = await furnished(client)
        await sign_in(client, first)
        facts = await everything(client)
        patron = facts["patron", first]
        secrets = {patron["card_number"], *(id for kind, id in facts if kind != "patron")}
        client.cookies.clear()
        for signed_in in (None, other):
            if signed_in:
                await sign_in(client, signed_in)
            for route in client.app.routes:
                for site in ("colchester", "loughton", "southend"):
                    path = route.path.replace("{site:str}", site).replace("{dev:str}", device())
                    if "{" in path:
                        path = path.split("{")[0] + first
                    for method in ("GET", "POST"):
                        if (method, path) == ("POST", "/session/end"):
                            continue
                        body = message(device()) if path == "/sync/1" else b""
                        headers = SYNC if body else OUR_PAGE
                        if path == pokes.PATH:
                            # An open stream has no end to wait for; `tests/backend/pokes` shows what it says to whom.
                            method = "HEAD"
                        answer = await client.request(method, path, content=body, headers=headers)
                        assert answer.status_code < 500, (method, path, answer.text)
                        leaked = [secret for secret in secrets if f'"{secret}"' in answer.text]
                        assert not leaked, (method, path)

    small_library.play(test, house=the_house())


def test_a_renewal_at_the_forum_is_answered_at_once_ended_later_and_poked(small_library):
    system = FakeSystem({}, small_library.clock, day_of)
    names = itertools.count(1)
    connector = FakeConnector(system.ask, lambda: f"q{next(names)}")

    async def test(client):
        patron, *_ = await furnished(client)
        storage = client.app.state.storage
        number = await storage.read(lambda tx: elsewhere.number(tx, patron, "forum"))
        for loan in await storage.read(lambda tx: elsewhere.loans(tx, patron, "forum")):
            system.borrowers.setdefault(number, Borrower(loans={})).loans[loan.held.id] = loan.held
        await sign_in(client, patron)
        dev = device()
        first = await push(client, dev)
        (id,) = [row[1] for row in first["rows"] if row[0] == "loans" and row[3]["system"] == "forum"]
        told = storage.told()
        reply = await push(client, dev, wish(1, "loans.renew@1", loan=id), cur=first["cur"])
        assert reply["outcomes"][0]["st"] == "received"
        while reply["outcomes"][0]["st"] == "received":
            assert patron in await anext(told)
            reply = await push(client, dev, cur=reply["cur"])
        assert reply["outcomes"][0]["st"] == "done"
        (due_on,) = [row[3]["due_on"] for row in reply["rows"] if row[1] == id]
        assert reply["outcomes"][0]["said"] == {"due_on": due_on}
        assert [entry.after.isoformat() for entry in system.journal] == [due_on]
        await told.aclose()

    small_library.play(test, house=the_house({"forum": connector}, small_library.clock))
