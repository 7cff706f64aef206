"""
Every setting: its unit, its default, its meaning. From the command line, else the environment.

The name in the environment is CARREL_ and the field's name in capitals; on the command line it is
the name with hyphens. A value that cannot be read is refused before anything starts.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, get_type_hints

import msgspec
from msgspec import Meta, Struct


def _meaning(text: str) -> Meta:
    return Meta(description=text)


class Settings(Struct, frozen=True, kw_only=True):
    """How one Carrel is run. Times in the unit their name tells; paths relative to where it is started."""

    data: Annotated[Path, _meaning("folder that holds the catalogue, and the account database when it is a file")] = Path("demo")
    database: Annotated[
        str,
        _meaning(
            "address of a PostgreSQL database that several nodes may share, such as "
            "postgresql://carrel@db.example.org/carrel; best given as CARREL_DATABASE when a password is in it. "
            "Empty: the file carrel.sqlite in the data folder"
        ),
    ] = ""
    database_connections: Annotated[
        int, Meta(ge=2, le=500, description="connections to PostgreSQL that this node holds, beside one to listen")
    ] = 8
    address: Annotated[str, _meaning("address to listen on; a demo listens on loopback only")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535, description="TCP port to listen on")] = 8765
    public_origin: Annotated[
        str,
        _meaning(
            "where readers find this library, such as https://library.example.org; needed behind a proxy that "
            "ends TLS, so that cookies are made for TLS. Empty: what the browser asked for"
        ),
    ] = ""
    tls_certificate: Annotated[str, _meaning("file with the TLS certificate chain, PEM; empty: no TLS here")] = ""
    tls_key: Annotated[str, _meaning("file with the TLS certificate's private key, PEM")] = ""
    session_days: Annotated[
        int, Meta(ge=1, le=400, description="days after which a sign-in ends, counted from its last use")
    ] = 60
    code_minutes: Annotated[
        int, Meta(ge=1, le=1440, description="minutes for which a one-time sign-in code is good")
    ] = 15
    code_tries: Annotated[
        int, Meta(ge=1, le=100, description="wrong codes a card may be tried with, in any 15 minutes")
    ] = 5
    body_bytes: Annotated[
        int, Meta(ge=1024, description="largest body in bytes of a message other than POST /sync/1")
    ] = 64 * 1024
    backlog: Annotated[int, Meta(ge=128, description="connections that may wait to be taken up")] = 2048
    streams: Annotated[
        int, Meta(ge=0, description="phones that are told of changes at once; the next ones ask from time to time")
    ] = 10_000
    backpressure: Annotated[
        int, Meta(ge=64, description="messages answered at the same time, beside those streams; the next ones wait")
    ] = 4096
    stop_seconds: Annotated[
        int, Meta(ge=1, le=300, description="seconds given to answers on their way when told to stop")
    ] = 8
    jobs_seconds: Annotated[
        int, Meta(ge=0, le=3600, description="seconds between looks for due jobs; 0: run none here")
    ] = 30
    errands_seconds: Annotated[
        int,
        Meta(
            ge=0,
            le=3600,
            description="seconds between looks for errands, such as renewals to ask another library system for; "
            "0: run none here",
        ),
    ] = 1
    metrics_port: Annotated[
        int, Meta(ge=0, le=65535, description="TCP port on which Prometheus finds this node's figures; 0: none")
    ] = 0
    metrics_address: Annotated[str, _meaning("address to listen on for that port; anybody who reaches it may read")] = "127.0.0.1"
    app: Annotated[str, _meaning("folder with the built app; empty: find it beside the program")] = ""

    @property
    def place(self) -> Path | str:
        """Where the account database is: a file, or the address of a PostgreSQL."""
        return self.database or self.data / "carrel.sqlite"

    @property
    def catalogue(self) -> Path:
        """The folder of imported records, snapshots and their parts."""
        return self.data / "catalogue"

    @property
    def built_app(self) -> Path | None:
        """The folder with the built app: the one named, else the one in this program, else in the checkout."""
        if self.app:
            return Path(self.app)
        here = Path(__file__).resolve().parent
        for folder in (here / "built_app", here.parent.parent / "build" / "app"):
            if (folder / "index.html").is_file():
                return folder
        return None


class NotASetting(ValueError):
    """A value was given that a setting cannot have; the message names it."""


def meanings() -> dict[str, str]:
    """What each setting means, for `--help` and for the documents."""
    hints = get_type_hints(Settings, include_extras=True)
    return {
        field.name: next(meta.description for meta in hints[field.name].__metadata__ if meta.description)
        for field in msgspec.structs.fields(Settings)
    }


def settings(given: Mapping[str, object], environment: Mapping[str, str] = os.environ) -> Settings:
    """
    The settings of this run.

    Args:
        given: from the command line; what is None was not given.

    Raises:
        NotASetting: a value has the wrong shape or lies outside its bounds.
    """
    chosen: dict[str, object] = {}
    for field in msgspec.structs.fields(Settings):
        value = given.get(field.name)
        named = f"--{field.name.replace('_', '-')}"
        if value is None:
            named = f"CARREL_{field.name.upper()}"
            value = environment.get(named)
        if value is None:
            continue
        try:
            chosen[field.name] = msgspec.convert(
                str(value), field.type, strict=False, dec_hook=lambda kind, text: kind(text)
            )
        except msgspec.ValidationError as said:
            raise NotASetting(f"{named} cannot be {str(value)!r}: {said}.") from said
    made = Settings(**chosen)  # type: ignore[arg-type]
    if bool(made.tls_certificate) != bool(made.tls_key):
        raise NotASetting("--tls-certificate and --tls-key go together: give both, or neither.")
    if made.metrics_port == made.port:
        raise NotASetting("--metrics-port is the port of readers: give the figures one of their own.")
    if made.database and not made.database.startswith(("postgresql://", "postgres://")):
        raise NotASetting("--database begins with postgresql:// (for a file give --data, the folder it is in).")
    return made
