"""GET /sync/1/events, and what is said there."""

import asyncio
import re

import pytest

from carrel.pokes.streams import BEAT, LIFE_SECONDS, STREAMS_PER_PATRON, Pokes, Stream
from tests.backend.phone import OUR_PAGE, device, note, push, sign_in
from tests.backend.pokes.listening import Listening


def test_a_change_pokes_every_phone_of_its_patron_and_nobody_elses(small_library):
    async def test(client):
        await sign_in(client, "p_ben")
        ben = await Listening(client).open()
        await sign_in(client, "p_ada")
        one, other = await Listening(client).open(), await Listening(client).open()
        await push(client, device(), note(1), note(2))
        for each in (one, other):
            await each.until(lambda it: it.pokes[-1:] == [2])
        assert ben.pokes == []
        for each in (ben, one, other):
            await each.leave()
        assert client.app.state.pokes.count == 0

    small_library.play(test)


def test_what_changed_nothing_pokes_nobody(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        listening = await Listening(client).open()
        dev = device()
        await push(client, dev, note(1, "refuse me"), note(2, "break"))
        await push(client, dev)
        await push(client, dev, note(3))
        await listening.until(lambda it: it.pokes)
        assert listening.pokes == [1]
        await listening.leave()

    small_library.play(test)


def test_a_stream_says_numbers_and_nothing_else(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        listening = await Listening(client).open()
        dev = device()
        for n in range(1, 4):
            await push(client, dev, note(n, "a private note"))
            await listening.until(lambda it, n=n: it.pokes[-1:] == [n])
        event = r'(retry: \d+|:|id: \d+\.[0-9a-f]{12}\ndata: \{"me":\d+\})\n\n'
        assert re.fullmatch(f"({event})+", listening.text)
        assert listening.headers["content-type"] == "text/event-stream"
        assert listening.headers["cache-control"] == "no-store"
        assert "content-encoding" not in listening.headers
        await listening.leave()

    small_library.play(test)


def test_who_has_read_everything_hears_nothing_and_who_has_not_hears_it_at_once(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        dev = device()
        before = (await push(client, dev, note(1)))["cur"]
        after = (await push(client, dev, note(2)))["cur"]
        for read_to, pokes in ((after, []), (before, [2]), ("", [2]), ("nonsense", [2])):
            listening = await Listening(client, read_to).open()
            assert listening.pokes == pokes, read_to
            if pokes:
                assert listening.last_id == after
            await listening.leave()

    small_library.play(test)


class SlowReading:
    """A store whose every reading is followed by a change before anybody hears what was read."""

    def __init__(self, storage, change):
        self._storage = storage
        self._change = change
        self.write, self.told, self.close = storage.write, storage.told, storage.close

    async def read(self, work):
        found = await self._storage.read(work)
        await self._change()
        await settled()
        return found


def test_a_change_while_a_stream_is_being_opened_is_not_missed(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        dev, changes = device(), 0
        state = client.app.state
        plain = state.storage

        async def change():
            nonlocal changes
            changes += 1
            await push(client, dev, note(changes))

        state.storage = SlowReading(plain, change)
        listening = Listening(client)
        await listening.until(lambda it: it.pokes[-1:] == [2])
        assert changes == 2
        state.storage = plain
        await listening.leave()

    small_library.play(test)


def test_a_stream_is_for_those_who_are_signed_in(small_library):
    async def test(client):
        answer = await client.get("/sync/1/events")
        assert (answer.status_code, answer.json()["code"]) == (401, "auth")
        answer = await client.get("/sync/1/events", headers={"cookie": "carrel=planted"})
        assert answer.status_code == 401

    small_library.play(test)


@pytest.mark.parametrize("how", ["signing out", "signing in as another"])
def test_a_stream_ends_with_its_session(small_library, how):
    async def test(client):
        await sign_in(client, "p_ada")
        other = await Listening(client).open()
        client.cookies.clear()
        await sign_in(client, "p_ada")
        listening = await Listening(client).open()
        if how == "signing out":
            await client.post("/session/end", headers=OUR_PAGE)
        else:
            await sign_in(client, "p_ben")
        await listening.until(lambda it: it.ended)
        assert not other.ended
        await other.leave()

    small_library.play(test)


def test_head_is_answered_and_opens_no_stream(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        answer = await client.head("/sync/1/events")
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-type"] == "text/event-stream"
        assert client.app.state.pokes.count == 0

    small_library.play(test)


def test_one_reader_cannot_take_all_streams(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        opened = [await Listening(client).open() for _ in range(STREAMS_PER_PATRON + 2)]
        await opened[1].until(lambda it: it.ended)
        assert [each.ended for each in opened] == [True, True, *[False] * STREAMS_PER_PATRON]
        for each in opened[2:]:
            await each.leave()

    small_library.play(test)


def test_when_no_more_can_be_told_at_once_the_others_are_asked_to_come_back(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        listening = await Listening(client).open()
        answer = await client.get("/sync/1/events")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert (await client.get("/session")).status_code == 200
        await listening.leave()
        listening = await Listening(client).open()
        assert listening.status == 200
        await listening.leave()

    small_library.play(test, streams=1)


def test_told_to_stop_every_stream_ends_and_none_is_opened(small_library):
    async def test(client):
        await sign_in(client, "p_ada")
        opened = [await Listening(client).open() for _ in range(3)]
        client.app.state.pokes.end()
        for each in opened:
            await each.until(lambda it: it.ended)
        assert (await client.get("/sync/1/events")).status_code == 503

    small_library.play(test)


class Phone:
    """The other side of a stream, which takes what is said when it is let."""

    def __init__(self, patron="p_ada", began=0.0):
        self.heard = []
        self.ready = asyncio.Event()
        self.ready.set()
        self.stream = Stream(patron, "s", self.hear, lambda seq: b"%d" % seq, began)

    async def hear(self, said, more):
        await self.ready.wait()
        self.heard.append(said if more else None)


async def settled():
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_phone_that_takes_its_time_hears_the_latest_change_once_and_holds_nobody_up():
    async def play():
        slow, quick = Phone(), Phone()
        pokes = Pokes(9)
        pokes.add(slow.stream)
        pokes.add(quick.stream)
        slow.ready.clear()
        for seq in (1, 2, 3):
            pokes.hear({"p_ada": seq})
            await settled()
        assert quick.heard == [b"1", b"2", b"3"]
        slow.ready.set()
        await settled()
        assert slow.heard == [b"1", b"3"]
        pokes.hear({"p_ada": 3})
        pokes.hear({"p_ada": 2})
        await settled()
        assert slow.heard == [b"1", b"3"]

    asyncio.run(play())


def test_when_news_was_missed_those_are_poked_for_whom_there_is_some():
    async def play():
        ada, ben = Phone("p_ada"), Phone("p_ben")
        pokes = Pokes(9)
        for each in (ada, ben):
            pokes.add(each.stream)
            each.stream.knows(4)

        async def told():
            yield None

        async def numbers(patrons):
            assert sorted(patrons) == ["p_ada", "p_ben"]
            return {"p_ada": 4, "p_ben": 5}

        await pokes.listen(told, numbers)
        await settled()
        assert (ada.heard, ben.heard) == ([], [b"5"])

    asyncio.run(play())


def test_a_fault_while_telling_does_not_end_the_telling():
    async def play():
        ada = Phone("p_ada")
        pokes = Pokes(9)
        pokes.add(ada.stream)

        async def told():
            yield None
            yield {"p_ada": 7}

        async def numbers(_):
            raise ZeroDivisionError

        await pokes.listen(told, numbers)
        await settled()
        assert ada.heard == [b"7"]

    asyncio.run(play())


def test_every_stream_has_a_sign_of_life_in_each_round_and_an_old_one_ends():
    async def play():
        now = asyncio.get_running_loop().time()
        young = [Phone(began=now) for _ in range(3)]
        old = Phone(began=now - LIFE_SECONDS - 1)
        pokes = Pokes(9)
        for each in (*young, old):
            pokes.add(each.stream)
        seconds = 0

        class Over(Exception):
            pass

        async def sleep(_):
            nonlocal seconds
            await settled()
            seconds += 1
            if seconds > 25:
                raise Over

        with pytest.raises(Over):
            await pokes.keep_alive(sleep)
        assert [each.heard for each in young] == [[BEAT]] * 3
        assert old.heard == [None]

    asyncio.run(play())
