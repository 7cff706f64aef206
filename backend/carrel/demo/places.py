"""The demo's three campuses: where it serves, when, and how to reach it. Telephone numbers are of the range kept for stories."""

from datetime import date, timedelta

from carrel.hours.model import Contact, HoursException, Opening, ServicePoint, Site

NAME = "Estuary University Library"

CONTACTS = [
    Contact("phone", "Library helpline", "01632 960 192"),
    Contact("email", "Write to the library", "library@example.org"),
    Contact("chat", "Library chat", "library.example.org/chat"),
    Contact("online", "Ask a question", "library.example.org/ask"),
]

_ALL_DAY: list[Opening] = [("00:00", "24:00")]
_CLOSED: list[Opening] = []


def _week(weekdays: list[Opening], saturday: list[Opening], sunday: list[Opening]) -> list[list[Opening]]:
    return [weekdays] * 5 + [saturday, sunday]


def sites(today: date) -> list[Site]:
    """
    The three campuses with their service points.

    Dated exceptions lie around `today`: the holidays of this and the next
    year, an inspection of the paternoster, a morning of staff training.
    """
    holidays = [
        (on, why)
        for year in (today.year - 1, today.year, today.year + 1)
        for on, why in (
            (date(year, 12, 25), "Christmas Day"),
            (date(year, 12, 26), "Boxing Day"),
            (date(year + 1, 1, 1), "New Year's Day"),
        )
    ]
    training = today + timedelta(days=(2 - today.weekday()) % 7 or 7)
    inspection = today if today.weekday() < 5 else today + timedelta(days=7 - today.weekday())

    def exceptions(
        open_on_holidays: list[Opening], *others: tuple[date, list[Opening], str]
    ) -> list[HoursException]:
        told = {on: HoursException(on, open_on_holidays, why) for on, why in holidays}
        for on, opening, why in others:
            told.setdefault(on, HoursException(on, opening, why))
        return [told[on] for on in sorted(told)]

    closed = exceptions(_CLOSED)
    staff_training = (training, [("11:00", "18:00")], "Staff training until 11:00")
    return [
        Site(
            "colchester",
            "Colchester",
            [
                ServicePoint(
                    "colchester-building",
                    "Colchester library",
                    "building",
                    "Library Road, Colchester campus",
                    _week(_ALL_DAY, _ALL_DAY, _ALL_DAY),
                    closed,
                    "Bring your library card after 22:00.",
                ),
                ServicePoint(
                    "colchester-desk",
                    "Help desk, ground floor",
                    "desk",
                    "Ground floor, left of the entrance",
                    _week([("09:00", "18:00")], [("10:00", "16:00")], [("12:00", "16:00")]),
                    exceptions(_CLOSED, staff_training),
                    "A hearing loop is fitted at the desk.",
                ),
                ServicePoint(
                    "colchester-phone",
                    "Telephone",
                    "phone",
                    "01632 960 192",
                    _week([("09:00", "17:00")], _CLOSED, _CLOSED),
                    closed,
                    "",
                ),
                ServicePoint(
                    "colchester-chat",
                    "Library chat",
                    "chat",
                    "library.example.org/chat",
                    _week([("10:00", "12:00"), ("14:00", "18:00")], _CLOSED, _CLOSED),
                    closed,
                    "One chat for all three libraries.",
                ),
                ServicePoint(
                    "colchester-paternoster",
                    "Paternoster lift",
                    "lift",
                    "",
                    _week([("09:00", "17:00")], _CLOSED, _CLOSED),
                    exceptions(_CLOSED, (inspection, _CLOSED, "Yearly inspection")),
                    "It never stops, so it is not for wheelchairs, prams or goods.",
                ),
                ServicePoint(
                    "colchester-lift",
                    "Step-free lift, south wing",
                    "lift",
                    "",
                    _week(_ALL_DAY, _ALL_DAY, _ALL_DAY),
                    closed,
                    "Reaches the ground floor and floors 1 to 5.",
                ),
                ServicePoint(
                    "colchester-gallery",
                    "Shoreline Gallery",
                    "venue",
                    "gallery@example.org",
                    _week([("11:00", "17:00")], [("12:00", "17:00")], _CLOSED),
                    closed,
                    "Free entry. Step-free from Square 5.",
                ),
                ServicePoint(
                    "colchester-theatre",
                    "Saltmarsh Theatre box office",
                    "venue",
                    "01632 960 261",
                    _week([("12:00", "19:00")], [("16:00", "20:00")], _CLOSED),
                    closed,
                    "Also open an hour before every performance.",
                ),
            ],
        ),
        Site(
            "loughton",
            "Loughton",
            [
                ServicePoint(
                    "loughton-building",
                    "Loughton library",
                    "building",
                    "Hatfields House, Loughton campus",
                    _week([("08:30", "23:00")], [("09:00", "18:00")], _CLOSED),
                    closed,
                    "Borrow and return by self-service whenever it is open.",
                ),
                ServicePoint(
                    "loughton-desk",
                    "Library desk",
                    "desk",
                    "First room on the right",
                    _week([("09:00", "17:00")], _CLOSED, _CLOSED),
                    exceptions(_CLOSED, staff_training),
                    "",
                ),
                ServicePoint(
                    "loughton-phone",
                    "Telephone",
                    "phone",
                    "01632 960 347",
                    _week([("09:30", "16:30")], _CLOSED, _CLOSED),
                    closed,
                    "",
                ),
            ],
        ),
        Site(
            "southend",
            "Southend",
            [
                ServicePoint(
                    "southend-building",
                    "The Forum",
                    "building",
                    "Elmer Square, Southend",
                    _week([("08:30", "20:00")], [("09:00", "17:00")], [("11:00", "16:00")]),
                    closed,
                    "Shared with the public library and the college.",
                ),
                ServicePoint(
                    "southend-learning-hub",
                    "Learning Hub",
                    "building",
                    "The Forum, floor 1",
                    _week(_ALL_DAY, _ALL_DAY, _ALL_DAY),
                    [],
                    "Outside the hours of the Forum through the door in the passage, with your card.",
                ),
                ServicePoint(
                    "southend-info-point",
                    "Info Point",
                    "desk",
                    "The Forum, ground floor",
                    _week([("09:00", "18:00")], [("10:00", "16:00")], _CLOSED),
                    closed,
                    "",
                ),
                ServicePoint(
                    "southend-phone",
                    "Telephone",
                    "phone",
                    "01632 960 455",
                    _week([("09:00", "17:00")], _CLOSED, _CLOSED),
                    closed,
                    "",
                ),
            ],
        ),
    ]
