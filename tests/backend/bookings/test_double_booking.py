"""Nobody ever shares a room: not by chance, not when 200 want it at once, not after a no-show."""

import asyncio
import itertools
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from carrel.bookings import intents, rules, store
from carrel.bookings.model import Book, Cancel, CheckIn
from carrel.bookings.routes import site_rooms
from carrel.patrons import store as patrons_store
from carrel_sync.library import Asked, Done, Refused
from tests.conversations.real_library import RealLibrary, student
from tests.sync.player import START_MS

HOUR = 3_600_000
FIRST = START_MS + HOUR
"""10:00, when the rooms open."""


def played(test, place: Path | str) -> None:
    async def whole() -> None:
        library = await RealLibrary.open(place)
        try:
            await test(library)
        finally:
            await library.storage.close()

    asyncio.run(whole())


def asked(patron, u, args, now):
    return Asked(patron, u, args, now, None, {}, now)


def test_of_200_who_want_one_room_one_gets_it_and_all_others_are_offered_another(databases):
    async def test(library):
        names = [f"reader-{number}" for number in range(200)]
        for name in names:
            await library.storage.write(lambda tx, name=name: patrons_store.keep(tx, student(name)))
        wish = Book("room-1", FIRST, FIRST + HOUR, 2, ("step_free",))
        decisions = await asyncio.gather(
            *(
                library.storage.write(
                    lambda tx, name=name: intents.book(tx, asked(name, f"u-{name}", wish, START_MS))
                )
                for name in names
            )
        )
        refused = [each for each in decisions if isinstance(each, Refused)]
        assert decisions.count(Done()) == 1
        assert [each.code for each in refused] == ["room_taken"] * 199
        taken = await library.storage.read(lambda tx: store.taken(tx, "colchester", START_MS, START_MS))
        for each in refused:
            assert each.alternatives
            for other in each.alternatives:
                slots = rules.slots(other.args["starts_at"], other.args["ends_at"], 30)
                assert not set(slots) & taken.get(other.args["room"], set())
                assert "step_free" in other.shown["access"]
        # the first alternative of the last one is then really booked
        last = refused[-1].alternatives[0]
        args = Book(**{**last.args, "access": tuple(last.args["access"])})
        unlucky = next(name for name, each in zip(names, decisions, strict=True) if each is refused[-1])
        assert (
            await library.storage.write(lambda tx: intents.book(tx, asked(unlucky, "u-2", args, START_MS)))
            == Done()
        )

    played(test, databases.place())


steps = some.lists(
    some.tuples(
        some.sampled_from(["book", "book", "book", "cancel", "check_in", "wait"]),
        some.sampled_from(["ada", "bob", "cy"]),
        some.sampled_from(["room-1", "room-2"]),
        some.integers(0, 15),
        some.integers(1, 6),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=steps)
def test_no_two_live_bookings_of_a_room_ever_overlap(databases, plan):
    async def test(library):
        now, made = START_MS, []
        for number, (what, patron, room, slot, length) in enumerate(plan):
            if what == "wait":
                now += slot * 10 * 60_000
                continue
            if what == "book":
                starts_at = FIRST + slot * HOUR // 2
                args = Book(room, starts_at, starts_at + length * HOUR // 2, 2)
                made.append((patron, f"u-{number}"))
                operation = intents.book
            elif not made:
                continue
            else:
                _, u = made[slot % len(made)]
                args, operation = (
                    (Cancel(u), intents.cancel) if what == "cancel" else (CheckIn(u), intents.check_in)
                )
            await library.storage.write(
                lambda tx, operation=operation, patron=patron, number=number, args=args, now=now: operation(
                    tx, asked(patron, f"u-{number}", args, now)
                )
            )
            await nothing_is_shared(library, now)

    with databases.another() as place:
        played(test, place)


async def nothing_is_shared(library, now):
    async def work(tx):
        rows = await tx.all(f"select {store._BOOKING} from bookings")
        return [store._booking(row) for row in rows], await store.taken(tx, "colchester", 0, now)

    bookings, taken = await library.storage.read(work)
    live = [each for each in bookings if rules.state_at(each, now) in ("confirmed", "checked_in")]
    for one, other in itertools.combinations(live, 2):
        together = one.starts_at < other.ends_at and other.starts_at < one.ends_at
        assert not (together and one.room == other.room), f"{one} and {other} share a room at {now}"
        assert not (together and one.patron == other.patron), f"{one.patron} is in two rooms at {now}"
    for each in live:
        assert set(rules.slots(each.starts_at, each.ends_at, 30)) <= taken[each.room]


def test_a_room_nobody_came_to_is_free_for_others_and_the_first_one_cannot_come_back(databases):
    async def test(library):
        async def do(operation, patron, u, args, now):
            return await library.storage.write(lambda tx: operation(tx, asked(patron, u, args, now)))

        assert (
            await do(intents.book, "ada", "u-1", Book("room-1", FIRST, FIRST + 3 * HOUR, 2), START_MS)
            == Done()
        )
        rest = Book("room-1", FIRST + HOUR, FIRST + 2 * HOUR, 2)
        late = FIRST + 10 * 60_000
        assert (await do(intents.book, "bob", "u-2", rest, late - 1)).code == "room_taken"
        shown = await library.storage.read(lambda tx: site_rooms(tx, "colchester", late - 1))
        assert shown.rooms[0].free[0] == (FIRST + 3 * HOUR, FIRST + 8 * HOUR)
        shown = await library.storage.read(lambda tx: site_rooms(tx, "colchester", late))
        assert shown.rooms[0].free[0] == (FIRST + HOUR // 2, FIRST + 8 * HOUR)
        assert await do(intents.book, "bob", "u-2", rest, late) == Done()
        assert (await do(intents.check_in, "ada", "u-3", CheckIn("u-1"), late)).code == "already_over"
        assert (await do(intents.cancel, "ada", "u-4", Cancel("u-1"), late)).code == "already_over"
        await nothing_is_shared(library, late)

    played(test, databases.place())


def test_who_came_keeps_the_room_to_the_end(databases):
    async def test(library):
        async def do(operation, patron, u, args, now):
            return await library.storage.write(lambda tx: operation(tx, asked(patron, u, args, now)))

        assert (
            await do(intents.book, "ada", "u-1", Book("room-1", FIRST, FIRST + 3 * HOUR, 2), START_MS)
            == Done()
        )
        assert await do(intents.check_in, "ada", "u-2", CheckIn("u-1"), FIRST) == Done()
        rest = Book("room-1", FIRST + HOUR, FIRST + 2 * HOUR, 2)
        assert (await do(intents.book, "bob", "u-3", rest, FIRST + HOUR)).code == "room_taken"
        await nothing_is_shared(library, FIRST + HOUR)

    played(test, databases.place())


def test_a_refused_wish_leaves_no_slot_behind(databases):
    async def test(library):
        async def do(patron, u, args):
            return await library.storage.write(lambda tx: intents.book(tx, asked(patron, u, args, START_MS)))

        assert await do("ada", "u-1", Book("room-1", FIRST + HOUR, FIRST + 2 * HOUR, 2)) == Done()
        assert (await do("bob", "u-2", Book("room-1", FIRST, FIRST + 2 * HOUR, 2))).code == "room_taken"
        assert await do("cy", "u-3", Book("room-1", FIRST, FIRST + HOUR, 2)) == Done()

    played(test, databases.place())


def test_a_booking_costs_seven_statements_once_rooms_are_known(databases):
    class Counting:
        def __init__(self, tx):
            self.tx, self.count = tx, 0

        def __getattr__(self, name):
            def call(*args, **values):
                self.count += name != "tell"
                return getattr(self.tx, name)(*args, **values)

            return call

    async def test(library):
        counts = []

        async def work(tx):
            for number, hour in enumerate((0, 1, 2)):
                counting = Counting(tx)
                args = Book("room-1", FIRST + hour * HOUR, FIRST + (hour + 1) * HOUR, 2)
                assert await intents.book(counting, asked("ada", f"u-{number}", args, START_MS)) == Done()
                counts.append(counting.count)

        await library.storage.write(work)
        assert counts[1:] == [7, 7]

    played(test, databases.place())
