"""Where sites, service points and their hours are kept."""

import hashlib
from collections.abc import Sequence
from datetime import date

import msgspec

from carrel.hours.model import Contact, HoursException, Opening, ServicePoint, Site
from carrel.storage import Transaction

_json = msgspec.json.Encoder(order="deterministic").encode
_openings = msgspec.json.Decoder(list[Opening]).decode
_week = msgspec.json.Decoder(list[list[Opening]]).decode
_contacts = msgspec.json.Decoder(list[Contact]).decode

_read: dict[str, tuple[Site, ...]] = {}


async def edition(tx: Transaction) -> str:
    """The digest of all hours as they are now; "" before any were kept."""
    row = await tx.one("select digest from editions where name = 'hours'")
    return "" if row is None else row["digest"]


async def sites(tx: Transaction, digest: str | None = None) -> tuple[Site, ...]:
    """
    Every site with its service points and all exceptions.

    Args:
        digest: the edition, when it was read in this unit of work already.
    """
    digest = await edition(tx) if digest is None else digest
    while digest not in _read:
        found = await _from_tables(tx)
        if len(_read) > 8:
            _read.clear()
        read_before, digest = digest, await edition(tx)
        if digest == read_before:
            # Else somebody changed them between two statements: what was read may be half of each.
            _read[digest] = found
    return _read[digest]


async def _from_tables(tx: Transaction) -> tuple[Site, ...]:
    exceptions: dict[str, list[HoursException]] = {}
    for row in await tx.all(
        "select point_id, on_date, open, why from hours_exceptions order by point_id, on_date"
    ):
        exceptions.setdefault(row["point_id"], []).append(
            HoursException(date.fromisoformat(row["on_date"]), _openings(row["open"]), row["why"])
        )
    points: dict[str, list[ServicePoint]] = {}
    for row in await tx.all(
        "select id, site, name, kind, contact, weekly, note from service_points order by site, place"
    ):
        points.setdefault(row["site"], []).append(
            ServicePoint(
                row["id"],
                row["name"],
                row["kind"],
                row["contact"],
                _week(row["weekly"]),
                exceptions.get(row["id"], []),
                row["note"],
            )
        )
    return tuple(
        Site(row["id"], row["name"], points.get(row["id"], []))
        for row in await tx.all("select id, name from sites order by place")
    )


async def library(tx: Transaction) -> tuple[str, list[Contact]]:
    """What the library is called, and how to reach it."""
    row = await tx.one("select name, contacts from library where id = 1")
    return ("", []) if row is None else (row["name"], _contacts(row["contacts"]))


async def keep_library(tx: Transaction, name: str, contacts: Sequence[Contact]) -> None:
    """Keep what the library is called, and how to reach it."""
    await tx.run(
        "insert into library (id, name, contacts) values (1, :name, :contacts)"
        " on conflict (id) do update set name = excluded.name, contacts = excluded.contacts",
        name=name,
        contacts=_json(list(contacts)).decode(),
    )


async def keep_sites(tx: Transaction, kept: Sequence[Site]) -> None:
    """Keep these sites, instead of all that were kept before."""
    for table in ("hours_exceptions", "service_points", "sites"):
        await tx.run(f"delete from {table}")
    for place, site in enumerate(kept):
        await tx.run(
            "insert into sites (id, place, name) values (:id, :place, :name)",
            id=site.id,
            place=place,
            name=site.name,
        )
        for order, point in enumerate(site.points):
            await tx.run(
                "insert into service_points (id, site, place, name, kind, contact, weekly, note)"
                " values (:id, :site, :place, :name, :kind, :contact, :weekly, :note)",
                id=point.id,
                site=site.id,
                place=order,
                name=point.name,
                kind=point.kind,
                contact=point.contact,
                weekly=_json(point.weekly).decode(),
                note=point.note,
            )
            for exception in point.exceptions:
                await tx.run(
                    "insert into hours_exceptions (point_id, on_date, open, why)"
                    " values (:point, :on_date, :open, :why)",
                    point=point.id,
                    on_date=exception.on.isoformat(),
                    open=_json(exception.open).decode(),
                    why=exception.why,
                )
    digest = hashlib.sha256(_json(await _from_tables(tx))).hexdigest()
    await tx.run(
        "insert into editions (name, digest) values ('hours', :digest)"
        " on conflict (name) do update set digest = excluded.digest",
        digest=digest,
    )
