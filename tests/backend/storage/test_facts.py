"""Facts as phones hold them, over a real store."""

import asyncio

import pytest
from msgspec import Struct

from carrel.storage import open_storage
from carrel.storage.facts import lock, publish, weight, withdraw
from carrel.storage.ledger import StoredLedger, prune
from carrel_sync.messages import checksum

NOW = 1_800_000_000_000


class Fact(Struct):
    text: str


def played(databases, work):
    async def play():
        storage = await open_storage(databases.place(), NOW)
        try:
            return await storage.write(work)
        finally:
            await storage.close()

    return asyncio.run(play())


async def held(tx, patron="p"):
    """What a phone that reads all of a patron's stream ends up with, and the stream's own checksum."""
    page = await StoredLedger(tx, "e", NOW).read(patron, 0, 1000)
    assert [fact.seq for fact in page.facts] == sorted({fact.seq for fact in page.facts})
    assert all(fact.seq <= page.seq for fact in page.facts)
    facts = {(fact.kind, fact.id): (fact.version, fact.body) for fact in page.facts if fact.body is not None}
    assert f"{page.sum:08x}" == checksum([(kind, id, version) for (kind, id), (version, _) in facts.items()])
    return facts


def test_a_fact_that_did_not_change_is_not_told_again(databases):
    async def work(tx):
        await publish(tx, "p", "loans", "1", Fact("a"), NOW)
        before = await StoredLedger(tx, "e", NOW).read("p", 0, 10)
        await publish(tx, "p", "loans", "1", Fact("a"), NOW + 5)
        after = await StoredLedger(tx, "e", NOW).read("p", 0, 10)
        assert before == after

    played(databases, work)


def test_each_change_takes_the_next_number_and_the_next_version(databases):
    async def work(tx):
        for text in "abc":
            await publish(tx, "p", "loans", "1", Fact(text), NOW)
        await publish(tx, "p", "loans", "2", Fact("x"), NOW)
        assert await held(tx) == {("loans", "1"): (3, '{"text":"c"}'), ("loans", "2"): (1, '{"text":"x"}')}
        page = await StoredLedger(tx, "e", NOW).read("p", 0, 10)
        assert (page.seq, [fact.seq for fact in page.facts]) == (4, [3, 4])

    played(databases, work)


def test_what_was_withdrawn_is_told_as_gone_and_can_come_back(databases):
    async def work(tx):
        await publish(tx, "p", "loans", "1", Fact("a"), NOW)
        await withdraw(tx, "p", "loans", "1", NOW)
        page = await StoredLedger(tx, "e", NOW).read("p", 0, 10)
        assert [(fact.version, fact.body) for fact in page.facts] == [(2, None)]
        assert await held(tx) == {}
        await withdraw(tx, "p", "loans", "1", NOW)
        await withdraw(tx, "p", "loans", "never there", NOW)
        assert (await StoredLedger(tx, "e", NOW).read("p", 0, 10)).seq == page.seq
        await publish(tx, "p", "loans", "1", Fact("a"), NOW)
        assert await held(tx) == {("loans", "1"): (3, '{"text":"a"}')}

    played(databases, work)


def test_one_patrons_facts_are_not_in_anothers_stream(databases):
    async def work(tx):
        await publish(tx, "p", "loans", "1", Fact("mine"), NOW)
        await publish(tx, "q", "loans", "1", Fact("theirs"), NOW)
        assert await held(tx, "p") == {("loans", "1"): (1, '{"text":"mine"}')}
        assert await held(tx, "q") == {("loans", "1"): (1, '{"text":"theirs"}')}

    played(databases, work)


@pytest.mark.parametrize("version", [1, 9, 10, 123456])
def test_the_kept_checksum_is_that_of_the_wire(version):
    assert f"{weight('loans', 'Ø-1', version):08x}" == checksum([("loans", "Ø-1", version)])


def test_a_forgotten_tombstone_moves_the_horizon_and_nothing_else(databases):
    async def work(tx):
        for id in ("1", "2", "3"):
            await publish(tx, "p", "loans", id, Fact(id), NOW)
        await withdraw(tx, "p", "loans", "1", NOW)
        await withdraw(tx, "p", "loans", "2", NOW + 100)
        assert (await prune(tx, NOW + 50, 0))["tombstones"] == 1
        await lock(tx, "p")
        opened = await StoredLedger(tx, "e", NOW).open("d_1", "p", 0)
        assert (opened.seq, opened.horizon) == (5, 4)
        assert await held(tx) == {("loans", "3"): (1, '{"text":"3"}')}
        assert (await prune(tx, NOW + 50, 0))["tombstones"] == 0

    played(databases, work)
