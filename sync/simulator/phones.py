"""One Node process that holds many phones: the real phone's half, told and asked by lines of JSON."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).resolve().parent
SYNC = HERE.parent
sys.path.append(str(SYNC.parent / "workshop"))

from node import brought  # noqa: E402

Command = Sequence[Any]
"""(key of the phone, verb, what else it needs); the verbs are those of `phones.ts`."""


class Phones:
    """
    A running Node with any number of phones.

    Args:
        phone_half: the file that stands for `sync/phone/phone.ts`; another one to try a planted fault.
    """

    def __init__(self, phone_half: Path = SYNC / "phone" / "phone.ts") -> None:
        node = brought()
        if node is None:
            raise RuntimeError("expected Node (`make prepare` brings it), got none")
        self._process = subprocess.Popen(
            [node.program, "--no-warnings", HERE / "phones.ts", phone_half],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def tell(self, commands: Sequence[Command]) -> list[Any]:
        """What came of each command: ((what is seen of the phone, what it said), fault), one of the two null."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(commands) + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("expected an answer from the phones, got the end of their process")
        return msgspec.json.decode(line)

    def close(self) -> None:
        """End the process; its phones are gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> "Phones":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
