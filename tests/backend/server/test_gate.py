"""What every message passes, in and out."""

import asyncio
import gzip

import pytest
from litestar import get

from carrel.gate import DATA_HEADERS, SECURITY_HEADERS, accepted_encoding, is_loopback, whole_body
from tests.backend.phone import OUR_PAGE, SYNC, device, message, sign_in
from tests.backend.small_house import small_house

EVERYWHERE = ["/", "/loans", "/assets/none.js", "/session", "/sync/1", "/sync/1/meta", "/pub/1/none", "/nowhere/x.css"]


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_bears_the_security_headers(small_library, path):
    async def test(client):
        for method in ("GET", "HEAD", "POST", "PUT", "TRACE"):
            answer = await client.request(method, path, headers=OUR_PAGE)
            data = answer.headers.get("content-type", "").startswith(("application/json", "application/problem+json"))
            for name, value in (DATA_HEADERS if data else SECURITY_HEADERS).items():
                assert answer.headers.get_list(name) == [value], (method, path, name)

    small_library.play(test)


def test_an_answer_of_data_may_run_nothing_and_stand_in_no_frame():
    assert DATA_HEADERS["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert DATA_HEADERS["x-content-type-options"] == "nosniff"


def test_the_policy_allows_no_inline_code_and_one_trusted_types_policy():
    rules = dict(
        rule.partition(" ")[::2] for rule in SECURITY_HEADERS["content-security-policy"].split("; ")
    )
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert rules["style-src"] == "'self'"
    assert rules["trusted-types"] == "carrel-workers"
    assert rules["require-trusted-types-for"] == "'script'"
    assert rules["object-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert "unsafe-inline" not in SECURITY_HEADERS["content-security-policy"]


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1:8765"}, False),
        ({"origin": "http://127.0.0.1:8765"}, True),
        ({"origin": "https://127.0.0.1:8765"}, False),
        ({"origin": "http://127.0.0.1:9999"}, False),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
def test_only_our_own_pages_may_change_anything(small_library, headers, passes):
    async def test(client):
        for method, path in (("POST", "/session/end"), ("POST", "/sync/1"), ("DELETE", f"/sync/1/device/{device()}")):
            answer = await client.request(method, path, headers=headers)
            assert (answer.status_code != 403) == passes, (method, path)

    small_library.play(test)


def test_behind_a_proxy_only_the_public_origin_may_change_anything(small_library):
    async def test(client):
        for origin, status in (("https://library.example.org", 200), ("http://127.0.0.1:8765", 403)):
            answer = await client.post("/session/end", headers={"origin": origin})
            assert answer.status_code == status
        assert "max-age" in answer.headers["strict-transport-security"]

    small_library.play(test, demo=False, public_origin="https://library.example.org")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", ""])
def test_a_demo_answers_only_to_the_names_of_this_machine(small_library, host):
    async def test(client):
        answer = await client.get("/session", headers={"host": host})
        assert answer.status_code == 403

    small_library.play(test)


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:8765", True),
        ("localhost:1", True),
        ("[::1]", True),
        ("[::1]:8765", True),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_a_host_is_this_machine_or_not(host, own):
    assert is_loopback(host) == own


def test_a_body_that_is_too_large_is_refused_wherever_it_is_sent(small_library):
    async def test(client):
        for path in ("/session/demo", "/session/code", "/session/end", "/sync/1", "/loans"):
            answer = await client.post(
                path, content=b" " * 10_000_000, headers={**OUR_PAGE, "content-type": "application/json"}
            )
            assert (answer.status_code, answer.json()["code"]) == (413, "too-large"), path

    small_library.play(test)


def sent_in(*parts: bytes, cut: bool = False):
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if cut:
        messages.append({"type": "http.disconnect"})
    else:
        messages[-1]["more_body"] = False
    waiting = iter(messages)

    async def receive():
        return next(waiting)

    return receive


@pytest.mark.parametrize(
    ("receive", "length", "read"),
    [
        (sent_in(b"ab", b"cd"), b"", b"abcd"),
        (sent_in(b"ab", b"cd"), b"4", b"abcd"),
        (sent_in(*[b"x" * 10] * 20), b"", None),
        (sent_in(*[b"x" * 10] * 20), b"3", None),
        (sent_in(b"x"), b"1000", None),
        (sent_in(b"ab", b"cd", cut=True), b"", b""),
    ],
)
def test_a_body_is_measured_whatever_size_it_claims(receive, length, read):
    assert asyncio.run(whole_body(receive, 100, length)) == read


def test_head_is_answered_like_get_without_a_body(small_library):
    async def test(client):
        for path in ("/session", "/sync/1/meta", "/pub/1/none"):
            got, headed = await client.get(path), await client.head(path)
            assert (headed.status_code, headed.content) == (got.status_code, b"")
            assert headed.headers["content-length"] == got.headers["content-length"]

    small_library.play(test)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/pub/1/none", 404, "not-found"),
        ("GET", "/catalogue/none", 404, "not-found"),
        ("GET", "/session/none", 404, "not-found"),
        ("GET", "/sync/2", 404, "not-found"),
        ("GET", "/assets/none.js", 404, "not-found"),
        ("POST", "/loans", 405, "method"),
        ("PUT", "/session", 405, "method"),
        ("GET", "/sync/1", 405, "method"),
    ],
)
def test_what_is_not_there_or_not_so_is_a_problem_in_words(small_library, method, path, status, code):
    async def test(client):
        answer = await client.request(method, path, headers=OUR_PAGE)
        told = answer.json()
        assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert told["title"].endswith(".")
        if status == 405:
            assert answer.headers["allow"]

    small_library.play(test)


@get("/pub/1/broken")
async def broken() -> None:
    raise ZeroDivisionError("a secret of ours")


@get("/pub/1/large")
async def large() -> dict[str, str]:
    return {"text": "again and " * 500}


def test_a_fault_tells_a_number_and_nothing_of_our_insides(small_library, caplog):
    async def test(client):
        answer = await client.get("/pub/1/broken")
        assert (answer.status_code, answer.json()["code"]) == (500, "fault")
        assert "secret" not in answer.text
        assert "ZeroDivision" not in answer.text
        number = answer.json()["title"].split()[-1].strip(".")
        assert number in caplog.text

    small_library.play(test, house=small_house(handlers=[broken]))


def test_large_json_is_compressed_as_asked(small_library):
    async def test(client):
        for accepted, sent in (("br", "br"), ("gzip", "gzip"), ("identity", None)):
            answer = await client.get("/pub/1/large", headers={"accept-encoding": accepted})
            assert answer.headers.get("content-encoding") == sent
            assert answer.json() == {"text": "again and " * 500}
            assert "accept-encoding" in answer.headers["vary"]

    small_library.play(test, house=small_house(handlers=[large]))


@pytest.mark.parametrize(
    ("accepted", "best"),
    [
        (b"gzip, deflate, br, zstd", "br"),
        (b"BR", "br"),
        (b"br;q=0, gzip;q=0.5", "gzip"),
        (b"br;q=0.0", ""),
        (b"*", ""),
        (b"", ""),
    ],
)
def test_the_best_encoding_that_is_taken(accepted, best):
    assert accepted_encoding(accepted) == best


def test_a_compressed_body_cannot_be_sent_where_none_is_expected(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        answer = await client.post("/session/demo", content=gzip.compress(b"{}"), headers=SYNC)
        assert answer.status_code == 400
        assert (await client.post("/sync/1", content=message(device()), headers=SYNC)).status_code == 200

    small_library.play(test)
