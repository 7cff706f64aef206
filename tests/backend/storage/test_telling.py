"""News inside one process: who hears what, and what is kept for who is slow."""

import asyncio

from carrel.storage.telling import Telling


def test_when_some_may_have_been_missed_everybody_looks_whatever_else_is_known():
    async def play():
        telling = Telling()
        news = telling.told()
        telling.say({"p": 1})
        telling.say(None)
        telling.say({"q": 2})
        assert await anext(news) is None
        telling.say({"p": 3})
        assert await anext(news) == {"p": 3}

    asyncio.run(play())


def test_a_number_that_comes_late_does_not_take_back_a_higher_one():
    async def play():
        telling = Telling()
        news = telling.told()
        telling.say({"p": 5})
        telling.say({"p": 4})
        assert await anext(news) == {"p": 5}

    asyncio.run(play())


def test_who_listens_later_hears_later_news_only_and_who_left_holds_nothing():
    async def play():
        telling = Telling()
        early = telling.told()
        telling.say({"p": 1})
        late = telling.told()
        telling.say({"p": 2})
        assert await anext(late) == {"p": 2}
        await late.aclose()
        telling.end()
        assert [each async for each in early] == [{"p": 2}]
        assert len(telling._listeners) == 0

    asyncio.run(play())
