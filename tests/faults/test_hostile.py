"""What somebody might send on purpose: refused in plain words, nothing leaked, nothing kept, nobody delayed."""

import asyncio
import gzip
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backend.conftest import SmallLibrary
from tests.backend.phone import OUR_PAGE, SYNC, device, identity, message, note, push, sign_in

MIB = 1024 * 1024


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def devices(client: Any) -> int:
    """How many devices the library has written down."""
    row = await client.app.state.storage.write(lambda tx: tx.one("select count(*) as found from devices"))
    return row["found"]


def test_a_body_that_inflates_without_end_is_refused(tmp_path, databases):
    async def play() -> None:
        async with SmallLibrary(tmp_path, databases).open() as client:
            await sign_in(client, "p_ada")
            bomb = gzip.compress(bytes(40 * MIB), 9)
            assert len(bomb) < 64 * 1024, "it has to get past the limit on what is compressed"
            refused(await client.post("/sync/1", content=bomb, headers=SYNC), 413, "too-large")
            refused(await client.post("/sync/1", content=b"x" * (65 * 1024), headers=SYNC), 413, "too-large")
            assert await devices(client) == 0
            assert (await push(client, device(), note(1)))["upto"] == 1

    asyncio.run(play())


def test_an_outbox_of_a_hundred_thousand_is_refused_as_a_whole(tmp_path, databases):
    async def play() -> None:
        async with SmallLibrary(tmp_path, databases).open() as client:
            await sign_in(client, "p_ada")
            many = gzip.compress(
                b'{"v":1,"dev":"%s","epoch":"","intents":[%s]}' % (device().encode(), b",".join([b"{}"] * 100_000))
            )
            assert len(many) < 64 * 1024
            refused(await client.post("/sync/1", content=many, headers=SYNC), 400, "malformed")
            just_too_many = message(device(), *([0] * 501))
            refused(await client.post("/sync/1", content=just_too_many, headers=SYNC), 400, "malformed")
            assert await devices(client) == 0
            assert (await push(client, device(), *(note(n) for n in range(1, 501))))["upto"] == 500

    asyncio.run(play())


def test_a_forged_epoch_changes_nothing(tmp_path, databases):
    async def play() -> None:
        async with SmallLibrary(tmp_path, databases).open() as client:
            await sign_in(client, "p_ada")
            dev = device()
            body = message(dev, note(1), epoch="forged")
            refused(await client.post("/sync/1", content=body, headers=SYNC), 409, "epoch")
            assert await devices(client) == 0
            assert (await push(client, dev))["upto"] == 0

    asyncio.run(play())


def test_another_readers_cursor_reads_ones_own_facts_from_the_beginning(tmp_path, databases):
    async def play() -> None:
        async with SmallLibrary(tmp_path, databases).open() as client:
            await sign_in(client, "p_ada")
            hers = await push(client, device(), note(1, "a secret"))
            await sign_in(client, "p_ben")
            his = await push(client, device(), note(1, "plain"), cur=hers["cur"])
            assert his["reset"] is True
            assert "a secret" not in json.dumps(his)
            assert len(his["rows"]) == 1

    asyncio.run(play())


def test_another_readers_device_can_neither_speak_nor_be_closed(tmp_path, databases):
    async def play() -> None:
        async with SmallLibrary(tmp_path, databases).open() as client:
            await sign_in(client, "p_ada")
            dev = device()
            first = await push(client, dev, note(1, "a secret"))
            await sign_in(client, "p_ben")
            answer = await client.post("/sync/1", content=message(dev, note(2)), headers=SYNC)
            refused(answer, 403, "device")
            assert first["epoch"] not in answer.text
            assert "a secret" not in answer.text
            refused(await client.delete(f"/sync/1/device/{dev}", headers=OUR_PAGE), 403, "device")
            await sign_in(client, "p_ada")
            assert (await push(client, dev, note(2), ack=1))["upto"] == 2

    asyncio.run(play())


def test_short_ids_name_only_what_the_request_itself_carries(tmp_path, databases):
    """A place claimed twice, or an identity that is another reader's, makes no id short that is not one's own."""

    async def play() -> None:
        async with SmallLibrary(tmp_path, databases).open() as client:
            await sign_in(client, "p_ada")
            u = identity()
            hers = await push(client, device(), note(1, "a secret", u), short=True)
            assert [row[1] for row in hers["rows"]] == ["#1"]
            await sign_in(client, "p_ben")
            his = await push(client, device(), note(1, "plain", u), note(1, "other"), short=True)
            assert [row[1] for row in his["rows"]] == [u]
            assert "a secret" not in json.dumps(his)

    asyncio.run(play())


PATHS = ("/sync/1", "/sync/1/", "/sync/1/meta", "/sync/1/events", "/sync/1/device/", "/sync/1/device/d_0", "/sync/1/none")


def test_no_bytes_at_any_address_of_sync_are_a_fault_of_the_library(tmp_path, databases):
    async def play() -> None:
        async with SmallLibrary(tmp_path, databases).open() as client:
            loop = asyncio.get_running_loop()

            async def one(method: str, path: str, body: bytes, headers: dict[str, str]) -> None:
                # Nobody is signed in, so no stream of events stays open.
                answer = await client.request(method, path, content=body, headers={**OUR_PAGE, **headers})
                assert answer.status_code < 500, (method, path, answer.text)
                if answer.status_code >= 400 and method != "HEAD":
                    assert answer.headers["content-type"] == "application/problem+json"
                    assert answer.json()["status"] == answer.status_code

            plain = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)
            headers = st.dictionaries(
                st.sampled_from(["content-type", "content-encoding", "accept-encoding", "last-event-id", "cookie"]), plain
            )
            tails = st.just("") | st.text("abcdef0123456789_.%-", max_size=40)

            @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), database=None)
            @given(
                st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]),
                st.sampled_from(PATHS),
                tails,
                st.binary(max_size=100),
                headers,
            )
            def each(method: str, path: str, tail: str, body: bytes, more: dict[str, str]) -> None:
                asyncio.run_coroutine_threadsafe(one(method, path + tail, body, more), loop).result()

            await asyncio.to_thread(each)

    asyncio.run(play())
