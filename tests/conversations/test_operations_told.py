"""What may be asked, and every way in which it may be refused, is told in `sync/protocol.md`."""

import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from carrel import problems
from carrel.bookings import intents as bookings
from carrel.bookings.model import AlternativeReason, BookingRefusal, CancelRefusal, CheckInRefusal, Need
from carrel.loans import intents as loans
from carrel.loans.model import RenewalFault, RenewalRefusal

PROTOCOL = (Path(__file__).resolve().parents[2] / "sync" / "protocol.md").read_text("utf-8")
CHAPTER = PROTOCOL.split("\n## 18 ")[1].split("\n## ")[0]
WORDS = {
    "loans.renew@1": (RenewalRefusal, RenewalFault),
    "bookings.book@1": (BookingRefusal, AlternativeReason, Need),
    "bookings.cancel@1": (CancelRefusal,),
    "bookings.check_in@1": (CheckInRefusal,),
}
OPERATIONS = {each.name: each for each in (*loans.operations(), *bookings.operations())}


def section(name: str) -> str:
    [found] = [each for each in CHAPTER.split("\n### ") if f"`{name}`" in each.split("\n")[0]]
    return found


def test_the_protocol_lists_the_operations_there_are() -> None:
    told = re.findall(r"`([a-z_]+\.[a-z_]+@\d+)`", "\n".join(re.findall(r"^### .*$", CHAPTER, re.MULTILINE)))
    assert sorted(told) == sorted([*OPERATIONS, "sync.withdraw@1"])
    assert sorted(WORDS) == sorted(OPERATIONS)


@pytest.mark.parametrize("name", WORDS)
def test_arguments_and_refusals_of_an_operation_are_told(name: str) -> None:
    told = section(name)
    arguments = [each.encode_name for each in msgspec.structs.fields(OPERATIONS[name].args)]
    words: list[Any] = [word for closed in WORDS[name] for word in get_args(closed)]
    assert [each for each in [*arguments, *words] if f"`{each}`" not in told] == []


def test_problems_of_the_server_are_told_with_its_own_status() -> None:
    chapter = PROTOCOL.split("\n## 17 ")[1].split("\n## ")[0]
    for code, status in re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", chapter, re.MULTILINE):
        if code in problems.SAID:
            assert str(problems.SAID[code][0]) == status, code
