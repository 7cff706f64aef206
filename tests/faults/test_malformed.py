"""Whatever is sent to /sync/1, the library answers in order, and good messages before and after are answered too."""

import asyncio
import gzip
import json
import zlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backend.conftest import SmallLibrary
from tests.backend.phone import OUR_PAGE, SYNC, device, identity, note, push, sign_in

EXPECTED = {200, 400, 401, 403, 409, 410, 413, 415, 426}

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(["notes.keep@1", "loans.renew@1", "sync.withdraw@1", "e", "1.abc", "d_" + "0" * 32])
)
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=8
)
identities = st.builds(identity)


def maybe(good: st.SearchStrategy) -> st.SearchStrategy:
    return good | anything


wishes = st.fixed_dictionaries(
    {
        "n": maybe(st.integers(1, 6)),
        "u": maybe(identities),
        "op": maybe(st.sampled_from(["notes.keep@1", "sync.withdraw@1", "notes.none@1"])),
        "args": maybe(st.fixed_dictionaries({"text": maybe(st.text(max_size=9))})),
        "at": maybe(st.integers(0, 2**50)),
    },
    optional={"until": anything, "base": anything, "after": maybe(identities), "more": anything},
)
requests = st.fixed_dictionaries(
    {
        "v": maybe(st.just(1)),
        "dev": maybe(st.builds(device)),
        "epoch": maybe(st.just("")),
        "intents": maybe(st.lists(maybe(wishes), max_size=5)),
    },
    optional={
        "ack": anything,
        "cur": anything,
        "max": maybe(st.integers(8192, 262144)),
        "now": anything,
        "schema": anything,
        "app": anything,
        "else": anything,
    },
)
bodies = (
    st.binary(max_size=200)
    | anything.map(lambda value: json.dumps(value).encode())
    | requests.map(lambda value: json.dumps(value).encode())
)
packed = st.tuples(bodies, st.sampled_from(["plain", "gzip", "zlib", "cut", "twice", "claimed"]))


def as_sent(body: bytes, how: str) -> tuple[bytes, dict[str, str]]:
    headers = {**OUR_PAGE, "content-type": "application/json"}
    match how:
        case "plain":
            return body, headers
        case "zlib":
            return zlib.compress(body), SYNC
        case "cut":
            return gzip.compress(body)[:-3], SYNC
        case "twice":
            return gzip.compress(gzip.compress(body)), SYNC
        case "claimed":
            return body, SYNC
    return gzip.compress(body), SYNC


def test_no_message_breaks_the_library_and_the_next_good_one_is_answered(tmp_path, databases):
    async def play(library: SmallLibrary) -> None:
        async with library.open() as client:
            await sign_in(client, "p_ada")
            loop = asyncio.get_running_loop()
            good = {"dev": device(), "n": 0}

            async def one(body: bytes, how: str) -> None:
                content, headers = as_sent(body, how)
                answer = await client.post("/sync/1", content=content, headers=headers)
                assert answer.status_code in EXPECTED, answer.text
                told = answer.json()
                if answer.status_code == 200:
                    assert {"v", "now", "epoch", "upto", "cur"} <= set(told)
                else:
                    assert answer.headers["content-type"] == "application/problem+json"
                    assert told["status"] == answer.status_code
                    assert "Traceback" not in answer.text
                state = client.app.state
                await state.storage.write(lambda tx: tx.run("delete from devices where dev <> :dev", dev=good["dev"]))
                good["n"] += 1
                reply = await push(client, good["dev"], note(good["n"]), ack=good["n"] - 1)
                assert (reply["upto"], reply["done"]) == (good["n"], [[good["n"]] * 2])

            @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
            @given(packed)
            def each(sent: tuple[bytes, str]) -> None:
                asyncio.run_coroutine_threadsafe(one(*sent), loop).result()

            await asyncio.to_thread(each)

    asyncio.run(play(SmallLibrary(tmp_path, databases)))


def test_deeply_nested_json_is_refused_and_nothing_else_happens(tmp_path, databases):
    async def play() -> None:
        async with SmallLibrary(tmp_path, databases).open() as client:
            await sign_in(client, "p_ada")
            deep = b'{"v":1,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
            for content, headers in (as_sent(deep, "gzip"), as_sent(deep, "plain")):
                answer = await client.post("/sync/1", content=content, headers=headers)
                assert answer.status_code == 400
            args = '{"text":' + "[" * 3_000 + "]" * 3_000 + "}"
            wish = json.dumps(note(1)).replace('{"text": "a note"}', args)
            plain = json.dumps({"v": 1, "dev": device(), "epoch": "", "intents": []})
            body = gzip.compress(plain.replace('"intents": []', f'"intents": [{wish}]').encode())
            answer = await client.post("/sync/1", content=body, headers=SYNC)
            assert answer.status_code in (200, 400)
            assert (await push(client, device(), note(1)))["upto"] == 1

    asyncio.run(play())
