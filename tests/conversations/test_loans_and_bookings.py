"""Every dialogue about loans and bookings, with real operations over a real database in the library's part."""

import asyncio

import pytest

from tests.conversations.real_library import RealLibrary
from tests.sync.player import dialogues, play

DIALOGUES = {
    f"{folder}/{name}": dialogue for folder in ("loans", "bookings") for name, dialogue in dialogues(folder)
}


@pytest.mark.parametrize("name", DIALOGUES)
def test_the_library_plays_its_part(name, databases):
    async def whole() -> None:
        library = await RealLibrary.open(databases.place())
        try:
            await play(DIALOGUES[name], library)
            assert library.faults == []
        finally:
            await library.storage.close()

    asyncio.run(whole())
