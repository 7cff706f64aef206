"""
The contract of every connector to a library system. A further one is a further `Peer`.

A peer is a system that a test can furnish and break: it does so in the system's own ways, and the connector
has to tell all of them in the closed types of `carrel.connectors.model`.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date, timedelta
from typing import Protocol, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from carrel.connectors import reasons
from carrel.connectors.fake import Borrower, FakeConnector, FakeSystem, Faults, NoAnswer
from carrel.connectors.library_system import LibrarySystem
from carrel.connectors.model import (
    Account,
    Down,
    HeldLoan,
    Loans,
    NoSuchPatron,
    Refused,
    Renewed,
    Unknown,
)
from carrel.loans.model import RenewalRefusal
from tests.contracts.over_http import over_http

TODAY = date(2027, 2, 1)
NUMBER = "F-100"
HELD = HeldLoan("9", "B9", "The Waves", TODAY + timedelta(days=4), "Virginia Woolf", issued_on=TODAY, renewals=0)
OTHER = replace(HELD, id="10", item="B10", title="Orlando")


class Peer(Protocol):
    """One kind of library system, at which NUMBER has HELD and OTHER on loan."""

    connector: LibrarySystem
    asked: list[bytes]
    """Every question that reached the system."""

    def refuses(self, why: RenewalRefusal) -> bool:
        """Have it refuse HELD for a reason of Carrel's; False: it has no such reason."""
        ...

    def fails(self, how: str) -> None:
        """From now on: before, after (no answer, and it was done), again, wrong, down (Faults)."""
        ...

    def renewals(self) -> int:
        """How often HELD was really renewed."""
        ...


class FakePeer:
    def __init__(self):
        loans = {each.id: each for each in (HELD, OTHER)}
        self.borrowers = {NUMBER: Borrower(loans=loans), "F-200": Borrower(loans={})}
        self.refusal = ""
        self.system = FakeSystem(
            self.borrowers,
            lambda: 1_801_472_400_000,
            lambda _: TODAY,
            rule=lambda borrower, loan, today: self.refusal or today + timedelta(days=21),
        )
        self.asked = []
        names = itertools.count(1)

        async def carry(asked):
            self.asked.append(asked)
            return await self.system.ask(asked)

        self.name = lambda: f"q{next(names)}"
        self.connector = FakeConnector(carry, self.name)

    def refuses(self, why):
        said = next((koha for koha, ours in reasons.KOHA.items() if ours == why), "")
        self.refusal = said or "none_that_is_known"
        return bool(said) or why == "unexplained"

    def fails(self, how):
        self.system.faults = Faults(**{how: 1})

    def renewals(self):
        return len([each for each in self.system.journal if each.loan == HELD.id])


@asynccontextmanager
async def in_process() -> AsyncIterator[Peer]:
    yield FakePeer()


@asynccontextmanager
async def behind_http() -> AsyncIterator[Peer]:
    peer = FakePeer()
    ask = peer.system.ask

    async def noted(asked):
        peer.asked.append(asked)
        return await ask(asked)

    peer.system.ask = noted
    async with over_http(peer.system) as carry:
        peer.connector = FakeConnector(carry, peer.name)
        yield peer


PEERS = {"fake": in_process, "fake over HTTP": behind_http}


@pytest.fixture(params=PEERS)
def at(request):
    """Plays a test at each kind of peer."""

    def play(test):
        async def whole():
            peer: AbstractAsyncContextManager[Peer] = PEERS[request.param]()
            async with peer as opened:
                await test(opened)

        asyncio.run(whole())

    return play


def test_every_loan_is_told_with_the_day_it_goes_back(at):
    async def test(peer):
        told = await peer.connector.loans(NUMBER)
        assert isinstance(told, Loans)
        assert {(each.id, each.item, each.title, each.due_on) for each in told.loans} == {
            (each.id, each.item, each.title, each.due_on) for each in (HELD, OTHER)
        }

    at(test)


def test_a_number_that_nobody_has_is_told_as_that(at):
    async def test(peer):
        assert await peer.connector.loans("F-404") == NoSuchPatron()
        assert await peer.connector.account("F-404") == NoSuchPatron()
        assert await peer.connector.renew("F-404", HELD) == Refused("not_yours", "no_patron")

    at(test)


def test_an_account_is_told(at):
    async def test(peer):
        assert isinstance(await peer.connector.account(NUMBER), Account)

    at(test)


def test_a_renewal_shows_in_what_is_read_next(at):
    async def test(peer):
        assert isinstance(await peer.connector.renew(NUMBER, HELD), Renewed)
        told = await peer.connector.loans(NUMBER)
        assert {each.id: each.due_on > HELD.due_on for each in told.loans} == {HELD.id: True, OTHER.id: False}
        assert peer.renewals() == 1

    at(test)


@pytest.mark.parametrize("why", get_args(RenewalRefusal))
def test_a_refusal_is_told_with_a_reason_of_the_closed_list(at, why):
    async def test(peer):
        if not peer.refuses(why):
            return
        told = await peer.connector.renew(NUMBER, HELD)
        assert isinstance(told, Refused)
        assert told.why == why
        assert peer.renewals() == 0

    at(test)


def test_a_loan_that_is_over_or_another_readers_is_refused(at):
    async def test(peer):
        told = await peer.connector.renew(NUMBER, replace(HELD, id="404", item="B404"))
        assert isinstance(told, Refused)
        assert told.why == "not_yours"
        assert (await peer.connector.renew("F-200", HELD)).why == "not_yours"
        assert peer.renewals() == 0

    at(test)


@pytest.mark.parametrize(("how", "done"), [("before", 0), ("after", 1)])
def test_no_answer_is_unknown_and_is_not_asked_for_again(at, how, done):
    async def test(peer):
        peer.fails(how)
        assert isinstance(await peer.connector.renew(NUMBER, HELD), Unknown)
        assert peer.renewals() == done
        assert len(peer.asked) == 1
        assert isinstance(await peer.connector.loans(NUMBER), Unknown)

    at(test)


def test_a_system_that_is_down_did_nothing(at):
    async def test(peer):
        peer.fails("down")
        for _ in range(8):
            assert isinstance(await peer.connector.renew(NUMBER, HELD), Down)
            assert isinstance(await peer.connector.loans(NUMBER), Down)
            assert isinstance(await peer.connector.account(NUMBER), Down)
        assert peer.renewals() == 0

    at(test)


def test_a_wrong_answer_is_unknown_whatever_is_wrong_with_it(at):
    async def test(peer):
        peer.fails("wrong")
        for _ in range(30):
            assert isinstance(await peer.connector.loans(NUMBER), Unknown)
            assert isinstance(await peer.connector.account(NUMBER), Unknown)
            assert isinstance(await peer.connector.renew(NUMBER, HELD), Unknown)

    at(test)


def test_an_answer_that_comes_twice_is_believed_once(at):
    async def test(peer):
        assert isinstance(await peer.connector.renew(NUMBER, OTHER), Renewed)
        peer.refuses("requested")
        assert isinstance(await peer.connector.renew(NUMBER, HELD), Refused)
        peer.fails("again")
        for _ in range(10):
            assert isinstance(await peer.connector.renew(NUMBER, HELD), Unknown)
            assert isinstance(await peer.connector.loans(NUMBER), Unknown)

    at(test)


def test_what_lingers_does_so_longer_than_an_answer_is_waited_for(at):
    async def test(peer):
        assert peer.connector.lingers_ms >= 1_000
        assert peer.connector.usual_seconds * 1_000 < peer.connector.lingers_ms

    at(test)


@given(st.binary(max_size=200) | st.from_regex(rb'\{"id":"q","number":"F-100".{0,60}', fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_no_bytes_at_all_make_the_fake_connector_fail_or_believe_what_was_not_said(answer):
    async def carry(_):
        return answer

    async def whole():
        connector = FakeConnector(carry, lambda: "q")
        for told in (await connector.loans(NUMBER), await connector.account(NUMBER)):
            assert isinstance(told, Loans | Account | NoSuchPatron | Unknown | Down)
        assert not isinstance(await connector.renew(NUMBER, HELD), Renewed)

    asyncio.run(whole())


def test_a_question_that_is_done_late_is_done_within_the_time_that_it_lingers():
    clock = [0]
    system = FakeSystem(
        {NUMBER: Borrower(loans={HELD.id: HELD})}, lambda: clock[0], lambda _: TODAY, faults=Faults(late=1)
    )

    async def whole():
        connector = FakeConnector(system.ask, lambda: "q1")
        assert isinstance(await connector.renew(NUMBER, HELD), Unknown)
        assert system.journal == []
        clock[0] = 60_000
        system.faults = Faults()
        told = await connector.loans(NUMBER)
        assert told.loans[0].due_on > HELD.due_on
        assert [each.question for each in system.journal] == ["q1"]

    asyncio.run(whole())


def test_a_connection_that_is_cut_while_answering_is_unknown():
    async def whole():
        async def cut(_):
            raise NoAnswer

        assert isinstance(await FakeConnector(cut, lambda: "q").renew(NUMBER, HELD), Unknown)

    asyncio.run(whole())
