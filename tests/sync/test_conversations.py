"""Every dialogue about the conversation itself, with the library's half in its own part."""

import asyncio

import pytest

from tests.sync.player import ToyLibrary, dialogues, play

DIALOGUES = dict(dialogues())


@pytest.mark.parametrize("name", DIALOGUES)
def test_the_library_plays_its_part(name: str) -> None:
    asyncio.run(play(DIALOGUES[name], ToyLibrary()))
