"""Signing in and out, over HTTP."""

import asyncio

import pytest

from carrel.identity import rules, store
from tests.backend.phone import OUR_PAGE, SYNC, device, message, note, push, sign_in

DAY = 86_400_000


def test_nobody_is_signed_in_at_first(small_library):
    async def test(client):
        answer = await client.get("/session")
        assert answer.json() == {"patron": None, "demo": True}
        assert answer.headers["cache-control"] == "no-store"

    small_library.play(test)


def test_a_demo_lets_anyone_be_anyone_it_offers(small_library):
    async def test(client):
        offered = (await client.get("/session/demo")).json()
        assert {"id": "p_ada", "name": "Ada", "about": "somebody"} in offered
        await sign_in(client, "p_ada")
        assert (await client.get("/session")).json()["patron"] == {"id": "p_ada", "name": "Ada"}
        strange = await client.post("/session/demo", json={"patron": "p_nobody"}, headers=OUR_PAGE)
        assert strange.status_code == 404
        assert (await client.get("/session")).json()["patron"]["id"] == "p_ada"

    small_library.play(test)


def test_only_a_demo_does(small_library):
    async def test(client):
        assert (await client.get("/session/demo")).status_code == 404
        answer = await client.post("/session/demo", json={"patron": "p_ada"}, headers=OUR_PAGE)
        assert answer.status_code == 404
        assert (await client.get("/session")).json() == {"patron": None, "demo": False}

    small_library.play(test, demo=False)


def test_each_sign_in_has_a_token_of_its_own_and_ends_the_one_before(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        first = client.cookies["carrel"]
        await sign_in(client, "p_ada")
        second = client.cookies["carrel"]
        assert first != second
        client.cookies.clear()
        for token, who in ((first, None), (second, {"id": "p_ada", "name": "Ada"})):
            answer = await client.get("/session", headers={"cookie": f"carrel={token}"})
            assert answer.json()["patron"] == who

    small_library.play(test)


def test_a_planted_token_is_not_taken_over(small_library):
    async def test(client):
        client.cookies.set("carrel", "planted")
        await sign_in(client, "p_ada")
        for value in ("planted", rules.token_hash("planted")):
            answer = await client.get("/session", headers={"cookie": f"carrel={value}"})
            assert answer.json()["patron"] is None

    small_library.play(test)


def test_the_database_holds_no_token(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        token = client.cookies["carrel"]
        rows = await client.app.state.storage.read(lambda tx: tx.all("select * from sessions"))
        assert len(rows) == 1
        assert token not in [str(value) for value in rows[0]]

    small_library.play(test)


@pytest.mark.parametrize(
    ("chosen", "name", "secure"),
    [({}, "carrel", False), ({"public_origin": "https://library.example.org"}, "__Host-carrel", True)],
)
def test_the_cookie_is_out_of_reach_of_pages_and_bound_to_tls_where_there_is_tls(
    small_library, chosen, name, secure
):
    async def test(client):
        answer = await client.post("/session/demo", json={"patron": "p_ada"}, headers=OUR_PAGE)
        first, *rest = answer.headers["set-cookie"].split("; ")
        assert first.startswith(f"{name}=")
        assert len(first) > 40
        assert {"Path=/", "HttpOnly", "SameSite=Lax"} <= set(rest)
        assert ("Secure" in rest) == secure
        assert not any(each.startswith("Domain") for each in rest)

    small_library.play(test, **chosen)


def test_signing_out_ends_the_token_wherever_it_was_copied_to(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        copied = {"cookie": f"carrel={client.cookies['carrel']}"}
        answer = await client.post("/session/end", headers=OUR_PAGE)
        assert answer.json()["patron"] is None
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert (await client.get("/session", headers=copied)).json()["patron"] is None
        assert (await client.post("/session/end", headers=OUR_PAGE)).status_code == 200

    small_library.play(test)


def test_a_session_ends_by_itself_but_not_while_it_is_used(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        dev = device()
        for _ in range(4):
            small_library.clock.at += 6 * DAY
            await push(client, dev)
        small_library.clock.at += 7 * DAY + 1
        answer = await client.post("/sync/1", content=message(dev), headers=SYNC)
        assert answer.status_code == 401

    small_library.play(test, session_days=7)


async def issue(client, card, code, minutes=15):
    state = client.app.state

    async def work(tx):
        patron = await state.register.holder_of(tx, card)
        ends_at = state.now() + minutes * 60_000
        await store.issue_code(tx, patron, card, "salt", rules.code_hash(code, "salt"), ends_at)

    await state.storage.write(work)


async def try_code(client, card, code):
    return await client.post("/session/code", json={"card_number": card, "code": code}, headers=OUR_PAGE)


def test_a_one_time_code_signs_in_once_however_it_is_typed(small_library):
    async def test(client):
        await issue(client, "2000 0001", "ABCD2345")
        answer = await try_code(client, "20000001", "abcd-2345 ")
        assert (answer.status_code, answer.json()["patron"]["id"]) == (200, "p_ada")
        assert (await client.get("/session")).json()["patron"]["id"] == "p_ada"
        assert (await try_code(client, "20000001", "ABCD2345")).status_code == 401

    small_library.play(test, demo=False)


def test_a_code_is_worth_nothing_after_its_time_or_for_another_card(small_library):
    async def test(client):
        await issue(client, "2000 0001", "ABCD2345")
        assert (await try_code(client, "20000002", "ABCD2345")).status_code == 401
        small_library.clock.at += 15 * 60_000
        assert (await try_code(client, "20000001", "ABCD2345")).status_code == 401

    small_library.play(test, demo=False)


def test_a_card_nobody_holds_is_answered_like_one_with_another_code(small_library):
    async def test(client):
        await issue(client, "2000 0001", "ABCD2345")
        known, unknown = [await try_code(client, card, "WRONG234") for card in ("20000001", "99999999")]
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
        for card in ("20000001", "99999999"):
            for _ in range(5):
                last = await try_code(client, card, "WRONG234")
            assert (last.status_code, last.headers["retry-after"]) == (429, "900")

    small_library.play(test, demo=False)


def test_too_many_tries_close_one_card_for_a_while_and_no_other(small_library):
    async def test(client):
        await issue(client, "2000 0001", "ABCD2345", minutes=60)
        await issue(client, "2000 0002", "EFGH2345", minutes=60)
        for _ in range(6):
            await try_code(client, "20000001", "WRONG234")
        assert (await try_code(client, "20000001", "ABCD2345")).status_code == 429
        assert (await try_code(client, "20000002", "EFGH2345")).status_code == 200
        small_library.clock.at += 15 * 60_000 + 1
        assert (await try_code(client, "20000001", "ABCD2345")).status_code == 200

    small_library.play(test, demo=False)


def test_tries_at_the_same_time_are_all_counted(small_library):
    async def test(client):
        await issue(client, "2000 0001", "ABCD2345")
        answers = await asyncio.gather(*(try_code(client, "20000001", f"WRONG23{n}") for n in range(20)))
        assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 15

    small_library.play(test, demo=False)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"patron":1}', b'{"patron":"p_ada","more":1}', b'{"patron":"p_ada"', b"\xff\xfe"]
)
def test_a_sign_in_nobody_can_read_is_a_problem_in_words(small_library, body):
    async def test(client):
        for path in ("/session/demo", "/session/code"):
            asked = {**OUR_PAGE, "content-type": "application/json"}
            answer = await client.post(path, content=body, headers=asked)
            assert (answer.status_code, answer.json()["code"]) == (400, "malformed")

    small_library.play(test)


def test_a_code_has_only_letters_that_are_not_read_as_one_another():
    code = rules.new_code(bytes(range(200, 208)))
    assert len(code) == 8
    assert not set(code) & set("01IOLU")


@pytest.mark.parametrize(
    ("cookies", "token"),
    [
        (b"carrel=abc", "abc"),
        (b"other=1; carrel=abc; more=2", "abc"),
        (b"xcarrel=abc", ""),
        (b"__Host-carrel=abc", ""),
        (b"", ""),
        (b";;=;", ""),
    ],
)
def test_the_token_is_found_among_cookies(cookies, token):
    assert rules.token_in(cookies, tls=False) == token


def test_one_patron_never_sees_anything_of_another_on_any_route(small_library):
    canary = "a secret of Ada"

    async def test(client):
        await sign_in(client, "p_ada")
        ada = device()
        await push(client, ada, note(1, canary))
        await sign_in(client, "p_ben")
        ben = device()
        paths = {route.path for route in client.app.routes}
        assert {"/session", "/sync/1", "/sync/1/meta", "/sync/1/device/{dev:str}"} <= paths
        for path in sorted(paths):
            for method in ("GET", "POST", "PUT", "DELETE"):
                if path == "/session/end" and method == "POST":
                    continue
                for dev in (ada, ben):
                    asked = path.replace("{dev:str}", dev)
                    body = message(dev) if path == "/sync/1" else b""
                    headers = SYNC if body else OUR_PAGE
                    # An open stream has no end to wait for; `tests/backend/pokes` shows what it says to whom.
                    method = "HEAD" if (method, path) == ("GET", "/sync/1/events") else method
                    answer = await client.request(method, asked, content=body, headers=headers)
                    assert canary not in answer.text, (method, asked)
                    assert "Ada" not in answer.text or path == "/session/demo", (method, asked)
        await sign_in(client, "p_ada")
        assert canary in str(await push(client, ada))

    small_library.play(test)


def test_a_cursor_of_another_patron_opens_nothing(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        cursor = (await push(client, device(), note(1, "of Ada"), note(2, "of Ada too")))["cur"]
        await sign_in(client, "p_ben")
        await push(client, device(), note(1, "of Ben"))
        reply = await push(client, device(), cur=cursor)
        assert reply["reset"]
        assert [row[3]["text"] for row in reply["rows"]] == ["of Ben"]

    small_library.play(test)


def test_the_same_wish_sent_by_another_patron_is_another_wish(small_library):
    async def test(client):
        wish = note(1, "of whoever sends it")
        for patron in ("p_ada", "p_ben"):
            await sign_in(client, patron)
            reply = await push(client, device(), wish)
            assert (reply["done"], len(reply["rows"])) == ([[1, 1]], 1)

    small_library.play(test)
