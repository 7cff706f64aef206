"""Where imported records are kept until a snapshot is built from them."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import msgspec
import sqlite_utils

from carrel.catalogue.model import Record

BATCH = 2_000


class Records:
    """`records.sqlite` of a catalogue folder. A record that comes again replaces the one before."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite_utils.Database(folder / "records.sqlite")
        self._db["records"].create(
            {"id": str, "body": str, "popularity": int}, pk="id", if_not_exists=True, not_null={"body", "popularity"}
        )

    def keep(self, records: Iterable[Record]) -> int:
        """Keep records; how many came."""
        coming = iter(records)
        count = 0
        while batch := list(islice(coming, BATCH)):
            count += len(batch)
            with self._db.conn:
                self._db.conn.executemany(
                    "insert into records(id, body, popularity) values(?, ?, ?) "
                    "on conflict(id) do update set body = excluded.body, popularity = excluded.popularity",
                    ((each.id, msgspec.json.encode(each).decode(), each.popularity) for each in batch),
                )
        return count

    def drop(self, ids: Iterable[str]) -> int:
        """Forget records that their source has deleted; how many were known."""
        with self._db.conn:
            return sum(self._db.conn.execute("delete from records where id = ?", (id,)).rowcount for id in ids)

    def count(self) -> int:
        return self._db["records"].count

    def close(self) -> None:
        self._db.close()
