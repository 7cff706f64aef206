"""
The demo's readers: whom one can be, and why it is worth being them.

Every name is made up, every telephone number is of the range kept for stories (01632 960 xxx), every address
ends in example.org. Days are counted from the day the demo is made.
"""

from typing import Literal

from msgspec import Struct

from carrel.loans.model import ItemKind
from carrel.patrons.model import Category, System

When = Literal["next", "after_next", "in_a_week", "now", "last"]
"""next: on the next day that may be booked after today; now: under way; last: the latest that is past."""


class Lent(Struct, frozen=True):
    """Something on loan."""

    due: int
    """Days from today."""
    title: str = ""
    """A title of the catalogue; "" for the next one nobody here has; for a laptop its name."""
    kind: ItemKind = "book"
    system: System = "university"
    site: str = "colchester"
    renewals: int = 0
    issued: int | None = None
    """Days from today; None: as many periods ago as it was renewed, and one."""
    requested: bool = False
    lost: bool = False


class Booked(Struct, frozen=True):
    """A room or pod."""

    when: When
    room: str
    clock: str = "14:00"
    """On the wall; does not matter for "now" and "last"."""
    minutes: int = 120
    party: int = 1
    needs: tuple[str, ...] = ()
    came: bool = True
    """For what has begun: whether somebody checked in."""
    cancelled: bool = False


class Reader(Struct, frozen=True):
    """One made-up person."""

    name: str
    about: str
    category: Category = "undergraduate"
    site: str = "colchester"
    ends: int = 400
    """Day on which the course or contract ends, from today; the university account with it."""
    blocked: bool = False
    borrower: str = "standard"
    university: bool = True
    forum: Literal["none", "active", "blocked", "expired"] = "none"
    lent: tuple[Lent, ...] = ()
    booked: tuple[Booked, ...] = ()
    works_here: bool = False
    """A member of the library's staff."""


READERS = (
    Reader(
        "Maya Oyelaran",
        "Start here: books that renew, one that another reader has asked for, one overdue, a room booked",
        forum="active",
        lent=(
            Lent(5, "To the Lighthouse", renewals=9),
            Lent(3, "Beloved", renewals=4, requested=True),
            Lent(1, "Laptop 14", "laptop"),
            Lent(-4, "Wide Sargasso Sea", issued=-369, renewals=51),
            Lent(6, "One Hundred Years of Solitude", renewals=2),
            Lent(13, "Middlemarch", renewals=1),
            Lent(10, "Things Fall Apart", system="forum", site="southend", issued=-11),
        ),
        booked=(
            Booked("next", "colchester-room-2", "14:00", 120, 3, ("step_free",)),
            Booked("in_a_week", "colchester-pod-7", "10:00", 90, 1, ("step_free",)),
        ),
    ),
    Reader("Tomasz Brzezicki", "A first-year student who has nothing on loan and no room booked"),
    Reader(
        "Ifeoma Nwachukwu",
        "40 books on loan for a dissertation",
        "postgraduate",
        lent=tuple(
            Lent(1 + number * 5 % 14, renewals=2 + number % 5, requested=number in (7, 23))
            for number in range(40)
        ),
        booked=(Booked("after_next", "colchester-pod-2", "09:00", 180),),
    ),
    Reader(
        "Rhys Penhallow",
        "An account that is blocked: nothing renews, no room can be booked",
        blocked=True,
        lent=(Lent(2, renewals=3), Lent(6, renewals=1), Lent(-2, requested=True, renewals=5)),
    ),
    Reader(
        "Sunita Raghunathan",
        "An account that ends in 9 days: loans renew until then and no longer",
        "postgraduate",
        ends=9,
        lent=(Lent(4, renewals=20), Lent(6, renewals=11), Lent(9, renewals=3)),
        booked=(Booked("next", "colchester-room-4", "10:00", 60, 4),),
    ),
    Reader(
        "Kwabena Asare-Mills",
        "A course that ended yesterday, with books still out",
        ends=-1,
        lent=(Lent(-1, renewals=12), Lent(-8, "Laptop 9", "laptop")),
    ),
    Reader(
        "Leila Farrokhi",
        "Two borrowing systems: the university's and the Forum at Southend",
        site="southend",
        forum="active",
        lent=(
            Lent(4, system="forum", site="southend"),
            Lent(12, system="forum", site="southend", issued=-51, renewals=2),
            Lent(6, system="forum", site="southend", issued=-78, renewals=3),
            Lent(5, site="southend", renewals=1),
        ),
        booked=(Booked("next", "southend-room-2", "11:00", 90, 4, ("hearing_loop",)),),
    ),
    Reader(
        "Baek Jun-ho",
        "A Forum account that has expired beside a university account that has not",
        site="southend",
        forum="expired",
        lent=(Lent(5, system="forum", site="southend"), Lent(3, renewals=6)),
    ),
    Reader(
        "Margaret Thistlewood",
        "A lecturer with inter-library loans, who may book pods but no group rooms",
        "staff",
        lent=(
            Lent(12, kind="inter_library_loan"),
            Lent(3, kind="inter_library_loan"),
            Lent(-3, kind="inter_library_loan"),
            Lent(7, renewals=30),
        ),
        booked=(Booked("next", "colchester-pod-4", "13:00", 120),),
    ),
    Reader(
        "Dafydd Prosser",
        "Books kept for a year, which have to come back now",
        "postgraduate",
        lent=(
            Lent(4, issued=-360, renewals=51),
            Lent(2, issued=-361, renewals=51),
            Lent(7, issued=-357, renewals=51),
        ),
    ),
    Reader(
        "Oluwaseun Bankole",
        "Overdue, and other readers are waiting",
        lent=(
            Lent(-2, requested=True, renewals=7),
            Lent(-9, requested=True, renewals=2),
            Lent(0, requested=True, renewals=3),
        ),
    ),
    Reader(
        "Ana Lucía Ferreyra",
        "What never renews: a laptop, short loans, a reference volume",
        lent=(
            Lent(0, "Laptop 3", "laptop"),
            Lent(1, kind="short_loan"),
            Lent(0, kind="short_loan"),
            Lent(0, kind="reference"),
        ),
    ),
    Reader(
        "Yusuf Demirtaş",
        "A book reported lost",
        lent=(Lent(2, lost=True, renewals=8), Lent(5, renewals=2)),
    ),
    Reader(
        "Freya Lindqvist-Moore",
        "Longer loans as an adjustment, and rooms without a step",
        borrower="longer_loans",
        lent=(Lent(11, renewals=4), Lent(14, renewals=2), Lent(24, renewals=1)),
        booked=(Booked("next", "colchester-pod-7", "14:00", 180, 1, ("step_free", "adjustable_desk")),),
    ),
    Reader(
        "Nguyễn Thị Lan Hương",
        "Everything renewed already: it is too soon to renew again",
        lent=(Lent(9, renewals=3), Lent(12, renewals=3), Lent(14, renewals=1)),
    ),
    Reader(
        "Caoimhe Ní Bhriain",
        "In a room right now, on days when rooms are open",
        booked=(
            Booked("now", "colchester-room-5", minutes=120, party=5),
            Booked("last", "colchester-room-3", minutes=60, party=2),
        ),
    ),
    Reader(
        "Piotr Zawada-Klein",
        "A room that was given on because nobody came",
        lent=(Lent(7, renewals=1),),
        booked=(
            Booked("last", "colchester-room-1", minutes=90, party=2, came=False),
            Booked("after_next", "colchester-room-1", "15:00", 90, 2),
        ),
    ),
    Reader(
        "Zanele Mthembu",
        "Loughton, where the library is closed on Sundays and nothing falls due then",
        site="loughton",
        lent=(
            Lent(2, site="loughton", renewals=5),
            Lent(5, site="loughton", renewals=2),
            Lent(7, site="loughton"),
        ),
        booked=(Booked("next", "loughton-room-1", "16:00", 60, 2),),
    ),
    Reader(
        "Haruto Kisaragi",
        "3 hours booked on one day: no more that day; and one booking cancelled",
        booked=(
            Booked("next", "colchester-room-3", "10:00", 90, 4),
            Booked("next", "colchester-room-3", "13:00", 90, 4),
            Booked("after_next", "colchester-room-6", "12:00", 120, 9, cancelled=True),
        ),
    ),
    Reader(
        "Esther Adjei-Cole",
        "A visitor from another university: may borrow, may not book",
        "visitor",
        lent=(Lent(6), Lent(3, renewals=1, requested=True)),
    ),
    Reader(
        "Bogdan Ionescu-Ray",
        "A member of the Forum only, whose account there is blocked",
        "visitor",
        "southend",
        university=False,
        forum="blocked",
        lent=(Lent(8, system="forum", site="southend"), Lent(-6, system="forum", site="southend")),
    ),
    Reader(
        "Samira Haddad-Wren",
        "12 books, all of them safe",
        "postgraduate",
        lent=tuple(Lent(1 + number % 7, renewals=1 + number) for number in range(12)),
    ),
    Reader(
        "Callum Strachan",
        "Group rooms on three campuses",
        site="loughton",
        lent=(Lent(4, site="loughton"),),
        booked=(
            Booked("next", "colchester-room-6", "10:00", 120, 8),
            Booked("after_next", "southend-room-4", "11:00", 120, 6, ("hearing_loop",)),
            Booked("in_a_week", "loughton-room-2", "14:00", 180, 5),
        ),
    ),
    Reader(
        "Ruth Eleanor Vance",
        "A course that ends in 3 days: everything goes back then",
        ends=3,
        lent=(Lent(3, renewals=9), Lent(3, renewals=2, requested=True)),
    ),
    Reader(
        "Wen Castellano",
        "A librarian, who also sees how readers' phones fare",
        "staff",
        lent=(Lent(9, renewals=1),),
        works_here=True,
    ),
)

INTER_LIBRARY_LOANS = (
    ("Tide tables of the Essex coast, 1871 to 1880", "Hydrographic Office"),
    ("Notes on the salt pans of Maldon", "Archaeological papers, volume 4"),
    ("A grammar of boat names", "Proceedings in coastal linguistics"),
)
"""What other libraries have lent; made up, and in no catalogue of ours."""

FIRST_NAMES = [
    "Adaeze",
    "Ben",
    "Chiara",
    "Dmitri",
    "Elif",
    "Farah",
    "Gethin",
    "Hana",
    "Iker",
    "Jasmine",
    "Kofi",
    "Lotte",
    "Mehmet",
    "Noor",
    "Owen",
    "Priya",
    "Quentin",
    "Rosa",
    "Stellan",
    "Tamsin",
    "Uchenna",
    "Vera",
    "Wanjiru",
    "Xanthe",
    "Yara",
    "Zoltan",
]
LAST_NAMES = [
    "Abernethy",
    "Balogun",
    "Castellanos",
    "Drummond",
    "Eze",
    "Fairweather",
    "Gunawardena",
    "Hargreave",
    "Iyer",
    "Jankowska",
    "Kaplanoglu",
    "Lovegrove",
    "Mbeki-Stone",
    "Nakagawa",
    "Obuya",
    "Pellegrin",
    "Quayle",
    "Rasmussen",
    "Sequeira",
    "Tregenza",
    "Ubani",
    "Vasquez-Lund",
    "Wetherall",
    "Yamane",
]
"""For those who only keep rooms busy: nobody can sign in as them."""
