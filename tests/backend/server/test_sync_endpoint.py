"""POST /sync/1 and its neighbours, over HTTP."""

import asyncio
import gzip
import json

import brotli
import pytest

from carrel.storage import Fault
from tests.backend.phone import OUR_PAGE, SYNC, device, identity, message, note, push, sign_in


def test_what_is_asked_is_decided_kept_and_told_in_one_round_trip(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        dev = device()
        reply = await push(client, dev, note(1, "hello"), note(2, "refuse me"))
        assert (reply["upto"], reply["done"]) == (2, [[1, 1]])
        assert [(o["n"], o["st"], o["code"]) for o in reply["outcomes"]] == [(2, "refused", "not_kept")]
        assert [row[3] for row in reply["rows"]] == [{"text": "hello"}]
        quiet = await push(client, dev, cur=reply["cur"], ack=2, epoch=reply["epoch"])
        assert "rows" not in quiet
        assert "outcomes" not in quiet

    small_library.play(test)


def test_a_wish_whose_handler_breaks_leaves_nothing_and_delays_nobody(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        reply = await push(client, device(), note(1, "break"), note(2, "kept"))
        assert [(o["n"], o["st"]) for o in reply["outcomes"]] == [(1, "failed")]
        assert [row[3]["text"] for row in reply["rows"]] == ["kept"]

    small_library.play(test)


def test_everything_is_there_after_the_library_was_closed_and_opened(small_library):
    dev, wish = device(), note(1, "kept")

    async def first(client):
        await sign_in(client, "p_ada")
        await push(client, dev, wish)

    async def second(client):
        await sign_in(client, "p_ada")
        reply = await push(client, dev, wish)
        assert (reply["upto"], reply["done"], len(reply["rows"])) == (1, [[1, 1]], 1)

    small_library.play(first)
    small_library.play(second)


def test_nobody_is_answered_without_signing_in_and_nothing_is_lost(small_library):
    async def test(client):
        answer = await client.post("/sync/1", content=message(device(), note(1)), headers=SYNC)
        assert (answer.status_code, answer.json()["code"]) == (401, "auth")
        assert answer.headers["content-type"] == "application/problem+json"

    small_library.play(test)


def test_a_device_belongs_to_whom_it_was_bound_first(small_library):
    async def test(client):
        dev = device()
        await sign_in(client, "p_ada")
        await push(client, dev, note(1, "of Ada"))
        await sign_in(client, "p_ben")
        answer = await client.post("/sync/1", content=message(dev, note(2)), headers=SYNC)
        assert (answer.status_code, answer.json()["code"]) == (403, "device")
        assert (await client.delete(f"/sync/1/device/{dev}", headers=OUR_PAGE)).status_code == 403
        assert "rows" not in await push(client, device())

    small_library.play(test)


def test_a_device_that_signed_out_is_told_so_for_good(small_library):
    async def test(client):
        dev = device()
        await sign_in(client, "p_ada")
        await push(client, dev)
        for _ in range(2):
            assert (await client.delete(f"/sync/1/device/{dev}", headers=OUR_PAGE)).status_code == 204
        answer = await client.post("/sync/1", content=message(dev, note(1)), headers=SYNC)
        assert (answer.status_code, answer.json()["code"]) == (410, "device-closed")
        assert (await client.delete("/sync/1/device/strange", headers=OUR_PAGE)).status_code == 400

    small_library.play(test)


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", {}, 400, "malformed"),
        (b"{", {}, 400, "malformed"),
        (b"[]", {}, 400, "malformed"),
        (gzip.compress(b"{}")[:-6], {"content-encoding": "gzip"}, 400, "malformed"),
        (b"not gzip", {"content-encoding": "gzip"}, 400, "malformed"),
        (b"{}", {"content-encoding": "zstd"}, 415, "not-json"),
        (b"{}", {"content-type": "text/plain"}, 415, "not-json"),
        (b"{" + b" " * 524_288, {}, 413, "too-large"),
        (gzip.compress(b" " * 600_000), {"content-encoding": "gzip"}, 413, "too-large"),
    ],
)
def test_a_message_nobody_can_read_is_a_problem_in_words(small_library, body, headers, status, code):
    async def test(client):
        await sign_in(client, "p_ada")
        asked = {**OUR_PAGE, "content-type": "application/json", **headers}
        answer = await client.post("/sync/1", content=body, headers=asked)
        told = answer.json()
        assert (answer.status_code, told["code"], told["status"]) == (status, code, status)
        assert "Traceback" not in answer.text
        await push(client, device(), note(1))

    small_library.play(test)


def test_a_body_larger_than_64_kb_when_compressed_is_refused(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        noise = "".join(identity() for _ in range(9_000))
        body = message(device(), app=noise)
        assert len(body) > 64 * 1024
        answer = await client.post("/sync/1", content=body, headers=SYNC)
        assert answer.status_code == 413

    small_library.play(test)


def test_replies_are_compressed_as_the_phone_likes_and_never_kept_by_caches(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        dev = device()
        first = await push(client, dev, *(note(n, "long " * 50) for n in range(1, 20)))
        for accepted, sent in (("br, gzip", "br"), ("gzip", "gzip"), ("identity", None), ("br;q=0, gzip", "gzip")):
            asked = {**SYNC, "accept-encoding": accepted}
            answer = await client.post("/sync/1", content=message(dev), headers=asked)
            assert answer.headers.get("content-encoding") == sent
            assert answer.headers["cache-control"] == "no-store"
            assert answer.json()["rows"] == first["rows"]

    small_library.play(test)


def test_a_quiet_round_trip_stays_below_400_bytes_both_ways(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        dev = device()
        reply = await push(client, dev, note(1))
        body = message(dev, cur=reply["cur"], ack=1, epoch=reply["epoch"])
        answer = await client.post("/sync/1", content=body, headers={**SYNC, "accept-encoding": "identity"})
        assert len(body) + len(answer.content) <= 400

    small_library.play(test)


def test_meta_tells_what_may_be_asked(small_library):
    async def test(client):
        answer = await client.get("/sync/1/meta")
        assert answer.json()["operations"] == ["notes.keep@1", "sync.withdraw@1"]
        assert "max-age=300" in answer.headers["cache-control"]

    small_library.play(test)


def test_a_store_that_cannot_go_on_blames_no_wish(small_library):
    async def test(client):
        await sign_in(client, "p_ada")

        class Broken:
            async def write(self, work, brief):
                raise Fault("database or disk is full")

        storage = client.app.state.storage
        client.app.state.storage = Broken()
        dev = device()
        answer = await client.post("/sync/1", content=message(dev, note(1)), headers=SYNC)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "5"
        client.app.state.storage = storage
        assert (await push(client, dev, note(1)))["upto"] == 1

    small_library.play(test)


def test_many_phones_at_once_each_get_their_own(small_library):
    async def test(client):
        cookies = {}
        for patron in ("p_10", "p_11", "p_12", "p_13"):
            await sign_in(client, patron)
            cookies[patron] = client.cookies["carrel"]
            client.cookies.clear()

        async def phone(patron):
            dev, cur = device(), ""
            for n in range(1, 6):
                asked = {**SYNC, "cookie": f"carrel={cookies[patron]}"}
                body = message(dev, note(n, f"{patron} {n}"), cur=cur)
                answer = await client.post("/sync/1", content=body, headers=asked)
                reply = answer.json()
                assert [row[3]["text"] for row in reply["rows"]] == [f"{patron} {n}"]
                cur = reply["cur"]

        await asyncio.gather(*(phone(patron) for patron in cookies))

    small_library.play(test)


def test_brotli_replies_are_what_they_say(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        asked = {**SYNC, "accept-encoding": "br"}
        async with client.stream(
            "POST", "/sync/1", content=message(device(), note(1, "x" * 900)), headers=asked
        ) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        assert json.loads(brotli.decompress(raw))["upto"] == 1

    small_library.play(test)
