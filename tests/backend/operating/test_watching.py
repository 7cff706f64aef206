"""Figures and logs: what happened is in them, and nothing that anybody sent."""

import asyncio
import io
import json
import logging
import socket
from dataclasses import replace

import pytest
from litestar import get

from carrel import serving
from carrel.operating import watching
from carrel.settings import NotASetting, settings
from carrel.storage import Refused
from carrel_sync.library import Done, Operation
from tests.backend.phone import OUR_PAGE, SYNC, device, identity, message, note, push, sign_in
from tests.backend.small_house import Note, small_house

CANARY = "canary7f3a"


@get("/pub/1/broken")
async def broken() -> None:
    """Breaks, saying what it should not say."""
    raise ValueError(f"cannot read {CANARY}")


def leaking_house():
    """The small house, with an operation and a route that break with what was sent in their message."""

    async def leak(tx, asked):
        if asked.args.text == "fine":
            return Done()
        raise ValueError(f"cannot keep {asked.args.text} of {asked.patron}")

    house = small_house(handlers=[broken])
    return replace(house, operations={**house.operations, "notes.leak@1": Operation("notes.leak@1", Note, leak)})


@pytest.fixture
def logged():
    """What is written to the log of a library that is served."""
    root, requests = logging.getLogger(), logging.getLogger("carrel.requests")
    before, level, own = list(root.handlers), root.level, requests.level
    for each in before:
        root.removeHandler(each)
    stream = io.StringIO()
    watching.log_json_lines(stream)
    yield stream
    for each in list(root.handlers):
        root.removeHandler(each)
    for each in before:
        root.addHandler(each)
    root.setLevel(level)
    requests.setLevel(own)


def lines(logged):
    return [json.loads(line) for line in logged.getvalue().splitlines()]


def samples(client):
    """All figures, by name and labels."""
    told = client.app.state.watching.text()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in told.splitlines() if line[0] != "#"}


def test_nothing_that_anybody_sent_is_in_a_log_or_a_figure(small_library, logged):
    async def test(client):
        everywhere = {
            **OUR_PAGE, "user-agent": CANARY, "x-forwarded-for": CANARY, "referer": f"http://127.0.0.1/{CANARY}",
            "cookie": f"session={CANARY}; {CANARY}=1",
        }  # fmt: skip
        for path in ("/", "/loans", "/session", "/sync/1/meta", "/pub/1/broken", "/catalogue/1/search", "/sync/none", "/health/ready"):
            for method in ("GET", "HEAD", "POST", "DELETE", CANARY.upper()):
                await client.request(method, f"{path}?q={CANARY}", headers=everywhere)
                await client.request(method, f"{path}/{CANARY}", headers=everywhere)
        await client.post("/session", json={"card_number": CANARY, "code": CANARY}, headers=everywhere)
        await client.post("/session", content=CANARY, headers={**everywhere, "content-type": "application/json"})
        await sign_in(client, "p_ada")
        dev = device()
        sent = [
            note(1, CANARY), note(2, CANARY, op="notes.leak@1"), note(3, op=f"notes.{CANARY[:6]}@1"),
            {"n": 4, "u": identity(), "op": "notes.keep@1", "at": 0, "args": {CANARY: CANARY}},
            {"n": 5, "u": CANARY, "op": CANARY}, note(9, CANARY),
        ]  # fmt: skip
        reply = await push(client, dev, *sent, app=CANARY, cur=CANARY, now=CANARY.__len__())
        assert [each["st"] for each in reply["outcomes"]] == ["failed", "invalid", "invalid", "invalid"]
        await client.post("/sync/1", content=message(CANARY, epoch=CANARY), headers=SYNC)
        await client.post("/sync/1", content=message(dev, epoch=CANARY), headers=SYNC)
        await client.post("/sync/1", content=CANARY.encode(), headers=SYNC)
        await client.delete(f"/sync/1/device/{CANARY}", headers=OUR_PAGE)

        told = logged.getvalue() + client.app.state.watching.text()
        assert "fault" in told
        assert "wish failed" in told
        for private in (CANARY, CANARY.upper(), CANARY[:6] + "@", dev, "p_ada", "Ada", "2000 0001", sent[0]["u"]):
            assert private not in told
        assert all(line["from"].startswith("carrel") for line in lines(logged) if line["level"] != "info")

    small_library.play(test, house=leaking_house())


def test_each_message_has_one_line_with_its_route_and_no_path(small_library, logged):
    async def test(client):
        await client.get("/pub/1/broken?who=me")
        await client.get("/loans/881")
        await client.get("/sync/none")
        told = [line for line in lines(logged) if line["said"] == "answered"]
        assert [(line["method"], line["route"], line["status"]) for line in told] == [
            ("GET", "/pub/1/broken", 500), ("GET", "app", 503), ("GET", "other", 404),
        ]  # fmt: skip
        (fault,) = [line for line in lines(logged) if "raised" in line]
        assert fault["said"] == f"fault {told[0]['incident']}"
        assert fault["raised"] == "ValueError"
        assert "test_watching.py" in fault["through"][-1]
        assert "incident" not in told[1]
        assert all(line["bytes"] > 0 and line["ms"] >= 0 for line in told)

    small_library.play(test, house=leaking_house())


def test_what_became_of_wishes_is_counted_once_it_is_kept(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        dev = device()
        first = note(1)
        reply = await push(
            client, dev, first, note(2, "refuse me"), note(3, "break"), note(4, op="notes.none@1"), note(6),
            now=small_library.clock.at + 40_000,
        )  # fmt: skip
        await push(client, dev, first, note(5, u=first["u"]), epoch=reply["epoch"], cur="9.none", now=small_library.clock.at - 2_000)
        await client.post("/sync/1", content=message(dev, epoch="e_other"), headers=SYNC)
        found = samples(client)
        keep = 'carrel_sync_intents_total{op="notes.keep@1",state='
        assert [found[f'{keep}"{state}"}}'] for state in ("done", "refused", "failed")] == [1, 1, 1]
        assert found['carrel_sync_intents_total{op="other",state="invalid"}'] == 1
        assert found['carrel_sync_refusals_total{op="notes.keep@1",code="not_kept"}'] == 1
        assert found['carrel_sync_refusals_total{op="other",code="unknown_operation"}'] == 1
        assert found["carrel_sync_copied_total"] == found["carrel_sync_repeated_total"] == 1
        assert found["carrel_sync_gaps_total"] == 1
        assert found['carrel_sync_problems_total{code="epoch"}'] == 1
        assert found['carrel_sync_beginnings_total{why="cursor"}'] == 1
        assert found['carrel_sync_clock_skew_seconds_bucket{way="ahead",le="30"}'] == 0
        assert found['carrel_sync_clock_skew_seconds_bucket{way="ahead",le="60"}'] == 1
        assert found['carrel_sync_clock_skew_seconds_count{way="behind"}'] == 1
        assert found["carrel_sync_writer_wait_seconds_count"] == 3
        assert found['carrel_requests_total{method="POST",route="/sync/1",status="409"}'] == 1
        assert found['carrel_requests_total{method="POST",route="/sync/1",status="200"}'] == 2
        assert found["carrel_open_streams"] == 0
        if small_library.databases.kind == "sqlite":
            assert found['carrel_commit_units_bucket{le="+Inf"}'] >= 3

    small_library.play(test)


async def fetched(port, path):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    told = (await reader.read()).decode()
    writer.close()
    return told


def test_figures_are_told_on_their_own_port_only_and_on_none_unless_asked(small_library):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def test(client):
        from carrel.jobs import errands

        await client.app.state.storage.write(lambda tx: errands.want(tx, "loans.elsewhere", "forum p_ada", 0))
        told = await fetched(port, "/metrics")
        assert told.startswith("HTTP/1.1 200")
        assert "# TYPE carrel_requests_total counter" in told
        assert 'carrel_errands{kind="loans.elsewhere",state="due"} 1' in told
        assert "p_ada" not in told
        assert (await fetched(port, "/session")).startswith("HTTP/1.1 404")
        assert "carrel_requests_total" not in (await client.get("/metrics")).text
        with pytest.raises(Refused, match="--metrics-port"):
            serving.check_port(client.app.state.settings)

    small_library.play(test, metrics_port=port)
    small_library.play(lambda client: _nobody_listens(port))


async def _nobody_listens(port):
    with pytest.raises(ConnectionRefusedError):
        await fetched(port, "/metrics")


def test_figures_and_readers_do_not_share_a_port():
    with pytest.raises(NotASetting, match="one of their own"):
        settings({"port": 8765, "metrics_port": 8765}, {})
