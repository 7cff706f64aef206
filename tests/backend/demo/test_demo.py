"""The demo shows everything that can be, on whatever day it is made, and nobody in it is real."""

import asyncio
import json
import re
from collections import Counter
from datetime import UTC, date, datetime
from typing import get_args

import pytest

from carrel.bookings import intents as bookings
from carrel.connectors.model import Account, Renewed
from carrel.demo import forum, furnish
from carrel.demo.people import READERS
from carrel.demo.rooms import ROOMS
from carrel.hours.calendars import calendars
from carrel.hours.rules import day_of
from carrel.loans import intents as loans
from carrel.loans.elsewhere import store
from carrel.loans.model import ItemKind, LoanState, RenewalRefusal
from carrel.patrons import intents as patrons
from carrel.patrons import store as patrons_store
from carrel.storage import open_storage

DAYS = (
    "2026-11-23 22:15",
    "2026-11-25 12:40",
    "2026-11-28 09:00",
    "2026-12-19 12:00",
    "2026-12-25 12:00",
    "2027-03-27 12:00",
    "2027-10-30 23:30",
    "2028-02-29 11:00",
)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def furnished(place, now, seed=1):
    """(facts of all readers as (patron, kind, id, body), whole content of every table of the demo)."""

    async def whole():
        storage = await open_storage(place, now)
        try:
            await furnish(storage, day_of(now), now, seed)
            for reader in await storage.read(patrons_store.demo_patrons):
                for capability in (patrons, loans, bookings):
                    await storage.write(
                        lambda tx, reader=reader, capability=capability: capability.refresh(
                            tx, reader.id, now
                        )
                    )

            async def work(tx):
                facts = [
                    (row["patron_id"], row["kind"], row["id"], json.loads(row["body"]))
                    for row in await tx.all(
                        "select * from facts where gone_at is null order by patron_id, seq"
                    )
                ]
                tables = {
                    table: sorted(map(tuple, await tx.all(f"select * from {table}")), key=str)
                    for table in (
                        "patrons",
                        "accounts",
                        "items",
                        "loans",
                        "bookings",
                        "booked_slots",
                        "rooms",
                    )
                }
                return facts, tables, dict(await calendars(tx))

            return await storage.read(work)
        finally:
            await storage.close()

    return asyncio.run(whole())


@pytest.mark.parametrize("day", DAYS)
def test_every_reason_state_and_kind_can_be_met_whatever_the_day(databases, day):
    facts, _, calendars = furnished(databases.place(), at(day))
    today = day_of(at(day)).isoformat()
    lent = [body for _, kind, _, body in facts if kind == "loans"]
    answers_only = {"not_yours", "unexplained", "system_silent"}
    assert {each["renewal"].get("why") for each in lent} == {None, *get_args(RenewalRefusal)} - answers_only
    assert {each["state"] for each in lent} == set(get_args(LoanState))
    assert {each["kind"] for each in lent} == set(get_args(ItemKind))
    assert {each["system"] for each in lent} == {"university", "forum"}
    accounts = [each for _, kind, _, body in facts if kind == "patron" for each in body["systems"]]
    assert {(each["id"], each["state"]) for each in accounts} == {
        (system, state) for system in ("university", "forum") for state in ("active", "expired", "blocked")
    }
    loans_each = Counter(patron for patron, kind, _, _ in facts if kind == "loans")
    assert max(loans_each.values()) == 40
    assert len(loans_each) < len(READERS)
    for each in lent:
        assert each["issued_on"] <= today
        if each["due_on"] > today:
            assert calendars[each["site"]].is_open(datetime.fromisoformat(each["due_on"]).date()), each


@pytest.mark.parametrize("day", DAYS)
def test_the_first_reader_shows_the_best_tour(databases, day):
    facts, _, _ = furnished(databases.place(), at(day))
    own = [(kind, body) for patron, kind, _, body in facts if patron == "patron-01"]
    reasons = {body["renewal"].get("why") for kind, body in own if kind == "loans"}
    assert {None, "requested", "never_renews", "overdue", "too_soon"} <= reasons
    assert any(
        body["state"] == "confirmed" and body["can_cancel"] for kind, body in own if kind == "bookings"
    )


def test_bookings_of_every_state_can_be_met_on_a_day_when_rooms_are_open(databases):
    facts, _, _ = furnished(databases.place(), at("2026-11-25 12:40"))
    assert {body["state"] for _, kind, _, body in facts if kind == "bookings"} == {
        "confirmed", "checked_in", "released", "cancelled", "completed",
    }  # fmt: skip


def test_the_same_seed_and_day_make_the_same_library(databases):
    made = []
    for place, seed in enumerate((1, 1, 2)):
        made.append(furnished(databases.place(str(place)), at("2026-11-25 12:40"), seed))
    assert made[0][:2] == made[1][:2]
    assert made[0][1]["bookings"] != made[2][1]["bookings"]


def test_the_forum_is_a_system_of_its_own_that_tells_what_the_phones_show_and_remembers(databases, tmp_path):
    now = at("2026-11-25 12:40")
    facts, _, _ = furnished(databases.place(), now)
    told = {id: body["due_on"] for patron, kind, id, body in facts if patron == "patron-01" and kind == "loans"}
    (id, due_on) = next(each for each in told.items() if each[0].startswith("forum-"))

    async def no_time(_):
        pass

    async def whole():
        storage = await open_storage(databases.place(), now)
        try:
            number = await storage.read(lambda tx: store.number(tx, "patron-01", "forum"))
            system = await forum.connected(storage, tmp_path, lambda: now, no_time)
            (loan,) = (await system.loans(number)).loans
            assert (f"forum-{loan.id}", loan.due_on.isoformat(), loan.renewable) == (id, due_on, True)
            assert isinstance(await system.renew(number, loan), Renewed)
            reopened = await forum.connected(storage, tmp_path, lambda: now, no_time)
            assert (await reopened.loans(number)).loans[0].due_on == loan.until > loan.due_on
            (tmp_path / forum.FILE).unlink()
            anew = await forum.connected(storage, tmp_path, lambda: now, no_time)
            assert (await anew.loans(number)).loans == (loan,)
            assert await anew.account(number) == Account(False, date(2028, 10, 25))
        finally:
            await storage.close()

    asyncio.run(whole())


def test_nobody_is_real(databases):
    _, tables, _ = furnished(databases.place(), at("2026-11-25 12:40"))
    for row in tables["patrons"]:
        assert any(re.fullmatch(r"01632 960 \d{3}", str(value)) for value in row)
        assert any(str(value).endswith("@example.org") for value in row)
    assert len({reader.name for reader in READERS}) == len(READERS) == 25


def test_rooms_and_pods_are_enough_and_tell_what_stands_in_the_way():
    kinds = Counter(room.kind for room in ROOMS)
    assert kinds["room"] >= 12
    assert kinds["pod"] >= 8
    assert len({room.site for room in ROOMS}) == 3
    assert len({room.access for room in ROOMS}) >= 8
    for room in ROOMS:
        assert not (room.access.step_free and room.access.steps_at_entrance)
        assert room.access.step_free or room.note
