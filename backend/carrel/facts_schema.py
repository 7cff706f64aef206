"""Which shapes of the capabilities the app is built with: facts, arguments, public answers, closed lists of reasons."""

from pathlib import Path

from carrel.bookings import model as bookings
from carrel.hours import model as hours
from carrel.identity import model as identity
from carrel.loans import model as loans
from carrel.patrons import model as patrons
from carrel.sync_health import model as sync_health
from carrel_sync import schema

KINDS = {"patron": "PatronFact", "loans": "LoanFact", "bookings": "BookingFact", "systems": "SystemFact"}
"""Kind of fact, to what its body is."""

STRUCTS = [
    patrons.PatronFact,
    loans.LoanFact,
    bookings.BookingFact,
    loans.SystemFact,
    loans.Renew,
    bookings.Book,
    bookings.Cancel,
    bookings.CheckIn,
    bookings.Shown,
    loans.Availability,
    bookings.SiteRooms,
    hours.LibraryInfo,
    identity.SessionView,
    identity.DemoPatron,
    sync_health.SyncHealth,
]

LISTS = {
    "RenewalRefusal": loans.RenewalRefusal,
    "RenewalFault": loans.RenewalFault,
    "BookingRefusal": bookings.BookingRefusal,
    "CancelRefusal": bookings.CancelRefusal,
    "CheckInRefusal": bookings.CheckInRefusal,
    "AlternativeReason": bookings.AlternativeReason,
    "StuckWhy": sync_health.StuckWhy,
}


def files(root: Path) -> dict[Path, str]:
    """Every generated file of a checkout, with the text it should hold."""
    return schema.generated(root, STRUCTS, lists=LISTS, kinds=KINDS)
