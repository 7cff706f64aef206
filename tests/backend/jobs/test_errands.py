"""Errands: when each is run, by whom, and what is known of one that comes to nothing."""

import asyncio

from carrel.jobs import errands
from carrel.jobs.errands import LEASE_MS, STUCK_TRIES, ErrandKind, Errands
from carrel.storage import open_storage

NOW = 1_800_000_000_000
KIND = "tests.carry"


class Clock:
    def __init__(self):
        self.at = NOW

    def __call__(self):
        return self.at


def played(databases, test):
    async def play():
        storage = await open_storage(databases.place(), NOW)
        try:
            await test(storage, Clock())
        finally:
            await storage.close()

    asyncio.run(play())


def carrying(clock, outcome="done", at_a_time=4):
    """(kind, names in the order in which they were run)"""
    ran = []

    async def run(storage, taken):
        ran.append(taken.name)
        if outcome == "raises":
            raise LookupError("no such thing")

        async def work(tx):
            if outcome == "nothing":
                await errands.came_to_nothing(tx, taken, clock() + 5_000, clock(), "no answer")
            else:
                await errands.put_down(tx, taken, clock() + 86_400_000)

        await storage.write(work)

    return ErrandKind(KIND, run, at_a_time), ran


async def want(storage, *names, at=NOW):
    for name in names:
        await storage.write(lambda tx, name=name: errands.want(tx, KIND, name, at))


async def run_due(looking):
    while tasks := await looking.begin_due():
        await asyncio.wait(tasks)
        await asyncio.sleep(0)


def test_what_is_wanted_is_run_when_it_is_due_and_not_again_before_it_is_due_again(databases):
    async def test(storage, clock):
        kind, ran = carrying(clock)
        looking = Errands(storage, [kind], clock)
        await want(storage, "a", at=NOW + 1)
        await run_due(looking)
        assert ran == []
        clock.at = NOW + 1
        await run_due(looking)
        await run_due(looking)
        assert ran == ["a"]
        clock.at += 86_400_000
        await run_due(looking)
        assert ran == ["a", "a"]

    played(databases, test)


def test_many_nodes_run_each_errand_once(databases):
    async def test(storage, clock):
        kind, ran = carrying(clock, at_a_time=3)
        await want(storage, *"abcdefghij")
        await asyncio.gather(*(run_due(Errands(storage, [kind], clock)) for _ in range(5)))
        assert sorted(ran) == list("abcdefghij")

    played(databases, test)


def test_an_errand_whose_node_died_is_run_by_another_when_its_lease_is_over(databases):
    async def test(storage, clock):
        async def hang(storage, taken):
            await asyncio.Event().wait()

        dying = Errands(storage, [ErrandKind(KIND, hang)], clock)
        kind, ran = carrying(clock)
        await want(storage, "a")
        for task in await dying.begin_due():
            task.cancel()
        clock.at = NOW + LEASE_MS - 1
        await run_due(Errands(storage, [kind], clock))
        assert ran == []
        clock.at = NOW + LEASE_MS
        await run_due(Errands(storage, [kind], clock))
        assert ran == ["a"]

    played(databases, test)


def test_who_lost_an_errand_to_another_is_told_and_cannot_put_it_down(databases):
    async def test(storage, clock):
        taken = []

        async def keep(_, each):
            taken.append(each)

        await want(storage, "a")
        for _ in range(2):
            for task in await Errands(storage, [ErrandKind(KIND, keep)], clock).begin_due():
                await task
            clock.at += LEASE_MS
        first, second = taken
        assert not await storage.write(lambda tx: errands.hold(tx, first, clock()))
        await storage.write(lambda tx: errands.put_down(tx, first, clock() + 1))
        assert await storage.write(lambda tx: errands.hold(tx, second, clock()))

    played(databases, test)


def test_one_that_comes_to_nothing_keeps_its_own_time_and_is_shown_as_stuck_after_a_few_tries(databases):
    async def test(storage, clock):
        kind, ran = carrying(clock, "nothing")
        looking = Errands(storage, [kind], clock)
        await want(storage, "a", "b")
        for tries in range(1, STUCK_TRIES + 1):
            await run_due(looking)
            await want(storage, "a", at=clock())
            await run_due(looking)
            assert len(ran) == 2 * tries
            standing = await storage.read(errands.in_trouble)
            assert [(each.name, each.tries, each.since_at, each.trouble) for each in standing] == [
                ("a", tries, NOW, "no answer"),
                ("b", tries, NOW, "no answer"),
            ]
            assert [each.stuck for each in standing] == [tries >= STUCK_TRIES] * 2
            clock.at += 5_000
        kind, _ = carrying(clock)
        await run_due(Errands(storage, [kind], clock))
        assert await storage.read(errands.in_trouble) == []

    played(databases, test)


def test_a_fault_of_the_program_is_tried_again_later_and_names_nobody(databases):
    async def test(storage, clock):
        kind, ran = carrying(clock, "raises")
        await want(storage, "a")
        await run_due(Errands(storage, [kind], clock))
        (standing,) = await storage.read(errands.in_trouble)
        assert (standing.trouble, standing.due_at) == ("LookupError, told in the log", NOW + LEASE_MS)
        assert ran == ["a"]

    played(databases, test)


def test_what_is_wanted_sooner_is_due_sooner_and_what_is_wanted_later_changes_nothing(databases):
    async def test(storage, clock):
        kind, ran = carrying(clock)
        await want(storage, "a", at=NOW + 100)
        await want(storage, "a", at=NOW + 10)
        await want(storage, "a", at=NOW + 200)
        clock.at = NOW + 10
        await run_due(Errands(storage, [kind], clock))
        assert ran == ["a"]

    played(databases, test)


def test_it_keeps_looking_until_it_is_stopped_and_then_leaves_nothing_running(databases):
    async def test(storage, clock):
        kind, ran = carrying(clock)
        running = asyncio.create_task(Errands(storage, [kind], clock).keep_running(0.005))
        await want(storage, "a")
        for _ in range(400):
            if ran:
                break
            await asyncio.sleep(0.005)
        running.cancel()
        await asyncio.wait([running])
        assert ran == ["a"]
        # A store has tasks of its own, such as the one that tells other nodes.
        assert [task for task in asyncio.all_tasks() if "carrel/jobs/" in task.get_coro().cr_code.co_filename] == []

    played(databases, test)
