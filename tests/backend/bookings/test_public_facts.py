"""What everybody may read over HTTP: rooms, hours, availability; with an age, a validator, and nobody's name."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from carrel.app import House
from carrel.bookings import routes as bookings
from carrel.demo import furnish
from carrel.hours import routes as hours
from carrel.hours.rules import day_of
from carrel.loans import routes as loans
from tests.backend.small_house import small_house

PATHS = ("/pub/1/library", "/pub/1/rooms/colchester", "/pub/1/availability")
NOON = 1_801_483_200_000
"""Monday 1 February 2027, 12:00 UTC."""


def house() -> House:
    small = small_house(handlers=[*hours.handlers, *bookings.handlers, *loans.handlers])
    assert small.zone == ZoneInfo("Europe/London")
    return small


def furnished(small_library, test):
    small_library.clock.at = NOON

    async def whole(client):
        await furnish(client.app.state.storage, day_of(NOON), NOON)
        await test(client)

    small_library.play(whole, house=house())


@pytest.mark.parametrize("path", PATHS)
def test_a_public_fact_is_asked_for_again_only_when_it_changed(small_library, path):
    async def test(client):
        first = await client.get(path)
        assert first.status_code == 200
        assert first.json()["as_of"] == NOON
        assert first.headers["cache-control"].startswith("public, max-age=")
        assert "stale-while-revalidate=86400" in first.headers["cache-control"]
        small_library.clock.at += 60_000
        again = await client.get(path, headers={"if-none-match": f'"other", W/{first.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        head = await client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["etag"] == first.headers["etag"]
        plain = {"accept-encoding": "identity"}
        assert (await client.head(path, headers=plain)).headers["content-length"] == str(
            len((await client.get(path, headers=plain)).content)
        )

    furnished(small_library, test)


def test_nobody_can_be_found_in_public_facts(small_library):
    async def test(client):
        for path in (*PATHS, "/pub/1/rooms/loughton", "/pub/1/rooms/southend"):
            text = (await client.get(path)).text
            assert "patron" not in text
            assert "reader-" not in text
            assert "Maya" not in text

    furnished(small_library, test)


def test_rooms_show_rules_access_and_free_times_for_two_weeks(small_library):
    async def test(client):
        told = (await client.get("/pub/1/rooms/southend")).json()
        assert [room["site"] for room in told["rooms"]] == ["southend"] * 6
        for room in told["rooms"]:
            assert room["rules"] == {
                "slot_minutes": 30,
                "least_minutes": 30,
                "most_minutes": 180,
                "days_ahead": 14,
                "same_day": room["kind"] == "room",
                "grace_minutes": 10,
            }
            assert room["free"] == sorted(room["free"])
            assert day_of(room["free"][-1][0]) <= date(2027, 2, 15)
        assert (await client.get("/pub/1/rooms/atlantis")).status_code == 404

    furnished(small_library, test)


def test_availability_tells_only_records_with_a_copy_out(small_library):
    async def test(client):
        records = (await client.get("/pub/1/availability")).json()["records"]
        assert len(records) >= 40
        for each in records.values():
            assert 1 <= each["out"] <= each["copies"]
            date.fromisoformat(each["first_due_on"])

    furnished(small_library, test)


def test_an_empty_library_answers_too(small_library):
    async def test(client):
        assert (await client.get("/pub/1/library")).json()["sites"] == []
        assert (await client.get("/pub/1/availability")).json()["records"] == {}

    small_library.play(test, house=house())
