"""Recurring work: when it is due, who runs it, and what is remembered of it."""

import asyncio
from datetime import time
from zoneinfo import ZoneInfo

import pytest

from carrel.identity import store as identity
from carrel.jobs import LEASE_MS, Job, Jobs, housekeeping, next_run
from carrel.storage import open_storage
from tests.backend.phone import device, note, push, sign_in

LONDON = ZoneInfo("Europe/London")
HOUR = 3_600_000
NOW = 1_800_000_000_000  # Friday 15 January 2027, 08:00 in London


def played(databases, test, *jobs):
    async def play():
        storage = await open_storage(databases.place(), NOW)
        try:
            await test(Jobs(storage, list(jobs), LONDON), storage)
        finally:
            await storage.close()

    asyncio.run(play())


def counting(name="tests.count", every=HOUR, fail=False):
    runs = []

    async def run(storage, now):
        runs.append(now)
        if fail:
            raise LookupError("no such thing")
        return {"runs": len(runs)}

    return Job(name, every, run), runs


@pytest.mark.parametrize(
    ("every", "now", "due"),
    [
        (HOUR, NOW, NOW + HOUR),
        (time(9, 0), NOW, NOW + HOUR),
        (time(8, 0), NOW, NOW + 24 * HOUR),
        (time(7, 59), NOW, NOW + 24 * HOUR - 60_000),
        # 28 March 2027: clocks go from 01:00 to 02:00, so the day before 06:00 is 23 hours long.
        (time(6, 0), 1_806_127_200_000, 1_806_127_200_000 + 23 * HOUR),
    ],
)
def test_a_job_is_due_after_its_interval_or_at_its_time_of_day(every, now, due):
    assert next_run(every, now, LONDON) == due


def test_a_due_job_runs_once_and_not_again_before_its_time(databases):
    job, runs = counting()

    async def test(jobs, _):
        await jobs.enrol(NOW)
        assert await jobs.run_due(NOW) == ["tests.count"]
        assert await jobs.run_due(NOW + HOUR - 1) == []
        assert await jobs.run_due(NOW + HOUR) == ["tests.count"]
        assert runs == [NOW, NOW + HOUR]
        standing = (await jobs.standing())[0]
        assert (standing.last_report, standing.next_run_at) == ('{"runs":2}', NOW + 2 * HOUR)

    played(databases, test, job)


def test_two_processes_that_look_at_the_same_time_run_it_once(databases):
    job, runs = counting()

    async def test(jobs, storage):
        await jobs.enrol(NOW)
        others = [Jobs(storage, [job], LONDON) for _ in range(20)]
        await asyncio.gather(*(other.run_due(NOW) for other in others))
        assert len(runs) == 1

    played(databases, test, job)


def test_a_job_whose_process_died_is_taken_up_when_its_lease_is_over(databases):
    job, runs = counting()

    async def test(jobs, storage):
        await jobs.enrol(NOW)
        taken = "update jobs set lease = 'dead', leased_until = :until where name = 'tests.count'"
        await storage.write(lambda tx: tx.run(taken, until=NOW + LEASE_MS))
        assert await jobs.run_due(NOW + LEASE_MS - 1) == []
        assert await jobs.run("tests.count", NOW) is None
        assert await jobs.run_due(NOW + LEASE_MS) == ["tests.count"]
        assert len(runs) == 1

    played(databases, test, job)


def test_a_job_that_fails_is_remembered_with_its_reason_and_tried_again_next_time(databases):
    job, runs = counting(fail=True)

    async def test(jobs, _):
        await jobs.enrol(NOW)
        await jobs.run_due(NOW)
        assert (await jobs.standing())[0].last_failure == "LookupError: no such thing"
        assert await jobs.run_due(NOW + HOUR) == ["tests.count"]
        assert len(runs) == 2

    played(databases, test, job)


def test_a_job_can_be_run_before_it_is_due_and_an_unknown_one_is_refused(databases):
    job, runs = counting(every=time(23, 0))

    async def test(jobs, _):
        await jobs.enrol(NOW)
        assert await jobs.run_due(NOW) == []
        standing = await jobs.run("tests.count", NOW)
        assert (standing.last_report, standing.last_run_at) == ('{"runs":1}', NOW)
        with pytest.raises(KeyError):
            await jobs.run("tests.none", NOW)
        assert runs == [NOW]

    played(databases, test, job)


def test_housekeeping_forgets_what_has_ended_and_nothing_else(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        dev = device()
        reply = await push(client, dev, note(1, "kept"))
        state = client.app.state
        for job in housekeeping.jobs:
            await state.jobs.run(job.name, state.now())
        assert (await client.get("/session")).json()["patron"]["id"] == "p_ada"
        assert (await push(client, dev, note(1, "kept")))["sum"] == reply["sum"]
        counts = await state.storage.write(lambda tx: identity.prune(tx, state.now() + 61 * 24 * HOUR))
        assert counts["sessions"] == 1

    small_library.play(test)


def test_the_server_runs_due_jobs_by_itself(small_library):
    job, runs = counting()
    from tests.backend.small_house import small_house

    async def test(client):
        for _ in range(100):
            if runs:
                break
            await asyncio.sleep(0.02)
        assert runs == [small_library.clock.at]

    small_library.play(test, house=small_house(jobs=[job]), jobs_seconds=3600)
