"""How phones fare: for staff only, each look noted, and nobody named."""

import json

import pytest

from carrel.identity import store as identity
from carrel.sync_health import rules
from tests.backend.phone import OUR_PAGE, device, note, push, sign_in

HOUR = 3_600_000
NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("state", "decided", "seen", "why"),
    [
        ("refused", NOW - 2 * HOUR, NOW, "answers_not_taken"),
        ("refused", NOW - 2 * HOUR, NOW - HOUR, "answers_not_taken"),
        ("refused", NOW - 2 * HOUR, NOW - HOUR - 1, None),
        ("done", NOW - 9 * HOUR, NOW - 9 * HOUR, None),
        ("received", NOW - HOUR, NOW, "waits_elsewhere"),
        ("received", NOW - HOUR + 1, NOW, None),
        ("received", NOW - 9 * HOUR, NOW - 9 * HOUR, "waits_elsewhere"),
    ],
)
def test_a_phone_is_stuck_when_it_comes_and_takes_no_answer_or_another_system_is_silent(state, decided, seen, why):
    assert rules.why_stuck(state, decided, seen, NOW) == why


def test_too_little_of_a_device_is_shown_to_speak_for_it():
    assert rules.shown("d_0123456789abcdef0123456789abcdef") == "01234567"


def as_staff(client, patron="p_ada", staff=True):
    now = client.app.state.now()
    return client.app.state.storage.write(lambda tx: identity.keep_staff(tx, patron, staff, now))


async def look(client, status=200):
    answer = await client.get("/staff/sync-health", headers=OUR_PAGE)
    assert answer.status_code == status, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def test_only_staff_may_look_and_every_look_is_noted(small_library):
    async def test(client):
        reads = client.app.state.storage.read
        assert (await look(client, 401))["code"] == "auth"
        await sign_in(client, "p_ada")
        told = await look(client, 403)
        assert told["code"] == "staff-only"
        assert told["title"].endswith("Sign in as a member of staff.")
        assert await reads(lambda tx: identity.staff_reads(tx, 0)) == []
        await as_staff(client)
        await look(client)
        assert [each[:2] for each in await reads(lambda tx: identity.staff_reads(tx, 0))] == [("p_ada", "sync-health")]
        await as_staff(client, staff=False)
        await look(client, 403)

    small_library.play(test)


def test_a_wish_that_failed_is_shown_with_its_incident_and_all_that_was_asked(small_library):
    async def test(client):
        await sign_in(client, "p_ben")
        dev = device()
        told = await push(client, dev, note(1, "break"), note(2, "refuse me"), note(3, "refuse me"), note(4, "well"))
        incident = told["outcomes"][0]["said"]["incident"]
        await sign_in(client, "p_ada")
        await as_staff(client)
        health = await look(client)
        (failed,) = health["failed"]
        assert (failed["incident"], failed["op"], failed["code"]) == (incident, "notes.keep@1", "")
        assert json.loads(failed["wish"])["args"] == {"text": "break"}
        assert health["refused"] == [{"op": "notes.keep@1", "code": "not_kept", "times": 2}]
        assert health["devices"] == 1
        assert "p_ben" not in json.dumps(health)
        assert dev not in json.dumps(health)

    small_library.play(test)


def test_a_phone_that_comes_and_takes_no_answer_is_shown_until_it_does(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        await as_staff(client)
        dev = device()
        wish = note(1, "refuse me")
        await push(client, dev, wish)
        assert (await look(client))["stuck"] == []
        small_library.clock.at += 2 * HOUR
        assert (await look(client))["stuck"] == []
        await push(client, dev, wish)
        (stuck,) = (await look(client))["stuck"]
        assert (stuck["device"], stuck["why"], stuck["op"]) == (dev[2:10], "answers_not_taken", "notes.keep@1")
        assert stuck["seen_at"] - stuck["since_at"] == 2 * HOUR
        await push(client, dev, ack=1)
        assert (await look(client))["stuck"] == []

    small_library.play(test)


def test_a_clock_that_is_off_and_facts_read_anew_are_shown_and_put_right(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        await as_staff(client)
        dev = device()
        now = client.app.state.now()
        epoch = (await push(client, dev, now=now))["epoch"]
        assert (await look(client))["clocks"] == []
        for _ in range(2):
            await push(client, dev, epoch=epoch, now=now + 24 * HOUR)
        health = await look(client)
        assert [(each["device"], each["ahead_ms"]) for each in health["clocks"]] == [(dev[2:10], 24 * HOUR)]
        assert [(each["device"], each["times"]) for each in health["anew"]] == [(dev[2:10], 2)]

    small_library.play(test)


def test_what_is_older_than_a_week_is_not_shown(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        await as_staff(client)
        await push(client, device(), note(1, "break"), note(2, "refuse me"), now=1)
        small_library.clock.at += rules.LOOKED_BACK_MS + 1
        health = await look(client)
        assert [health[each] for each in ("devices", "stuck", "failed", "refused", "clocks", "anew")] == [0, [], [], [], [], []]

    small_library.play(test)
