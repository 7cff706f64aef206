"""Who a patron is, and what their phone may know of it."""

import asyncio
import json
from datetime import date

import pytest

from carrel.identity import store as identity
from carrel.patrons import intents, rules, store
from carrel.patrons.model import Account
from carrel.storage import Conflict
from tests.conversations.real_library import RealLibrary, student
from tests.sync.player import START_MS

DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("blocked", "ends", "state"),
    [
        (False, date(2027, 2, 1), "active"),
        (False, date(2027, 1, 31), "expired"),
        (True, date(2027, 2, 1), "blocked"),
        (True, date(2027, 1, 31), "blocked"),
    ],
)
def test_an_account_lasts_through_its_last_day(blocked, ends, state):
    account = Account("university", "University libraries", "standard", blocked, ends)
    assert rules.state_of(account, date(2027, 2, 1)) == state


def test_the_phone_is_told_neither_telephone_nor_e_mail():
    told = rules.fact(student("ada"), date(2027, 2, 1))
    assert not {"email", "phone"} & set(told.__struct_fields__)


def played(databases, test):
    async def whole():
        library = await RealLibrary.open(databases.place())
        try:
            await test(library.storage)
        finally:
            await library.storage.close()

    asyncio.run(whole())


def test_a_card_is_found_however_its_number_is_spaced(databases):
    async def test(storage):
        assert await storage.read(lambda tx: store.holder_of(tx, " 2960ada")) == "ada"
        assert await storage.read(lambda tx: store.holder_of(tx, "2960 ad")) is None
        assert await storage.read(lambda tx: store.name_of(tx, "ada")) == "Ada"
        assert await storage.read(lambda tx: store.name_of(tx, "dora")) is None
        assert await storage.read(lambda tx: store.patron(tx, "ada")) == student("ada")

    played(databases, test)


def test_two_patrons_cannot_have_one_card(databases):
    async def test(storage):
        await storage.write(
            lambda tx: tx.run("update patrons set card_number = '2960 dora' where id = 'ada'")
        )
        with pytest.raises(Conflict):
            await storage.write(lambda tx: store.keep(tx, student("dora")))

    played(databases, test)


def test_an_account_expires_on_the_phone_by_time_alone_and_a_block_shows_at_once(databases):
    async def test(storage):
        async def states(now):
            await storage.write(lambda tx: intents.refresh(tx, "ada", now))
            row = await storage.read(
                lambda tx: tx.one("select body, version from facts where kind = 'patron'")
            )
            return [each["state"] for each in json.loads(row["body"])["systems"]], row["version"]

        assert await states(START_MS) == (["active"], 1)
        assert await states(START_MS + 1) == (["active"], 1)
        assert await states(START_MS + 400 * DAY_MS) == (["expired"], 2)
        await storage.write(lambda tx: store.keep(tx, student("ada", blocked=True)))
        assert await states(START_MS + 400 * DAY_MS) == (["blocked"], 3)

    played(databases, test)


def test_a_member_of_staff_sees_it_on_the_phone_at_once_and_no_longer_when_it_is_taken_back(databases):
    async def test(storage):
        async def fact(tx):
            row = await tx.one("select body from facts where patron_id = 'ada' and kind = 'patron'")
            return json.loads(row["body"])["works_here"]

        for staff in (True, False):
            async def change(tx, staff=staff):
                await identity.keep_staff(tx, "ada", staff, START_MS)
                await intents.changed(tx, "ada", START_MS)

            await storage.write(change)
            assert await storage.read(fact) is staff

    played(databases, test)
