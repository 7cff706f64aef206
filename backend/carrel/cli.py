"""Every command of `carrel`. Reads arguments, calls what does the work, prints, and chooses the exit code."""

import argparse
import asyncio
import logging
import secrets
import sys
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from carrel import __version__, serving
from carrel.app import build_app, check_reach, clock, jobs_of, the_house
from carrel.connectors.library_system import LibrarySystem
from carrel.identity import rules, store
from carrel.jobs import errands
from carrel.operating import watching
from carrel.patrons import intents as patrons_intents
from carrel.settings import NotASetting, Settings, meanings, settings
from carrel.storage import Refused, Storage, about, backups, open_storage

T = TypeVar("T")

STUCK_SHOWN = 20
STORED = ("data", "database")
"""The settings that say where the account database is."""

Command = Callable[[argparse.Namespace, Settings], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run one command.

    Returns:
        0 when it did what was asked, 1 when it could not, 2 when the
        arguments made no sense.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    asked = _parser().parse_args(arguments)
    command: Command = asked.command
    try:
        return command(asked, settings(vars(asked)))
    except NotASetting as said:
        print(said, file=sys.stderr)
        return 2
    except Refused as said:
        print(said, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="carrel", description="A university library's own app.", epilog="Every option is also read from CARREL_…"
    )
    parser.add_argument("--version", action="version", version=f"carrel {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="try it: a made-up library on this machine")
    _options(demo, *(name for name in meanings() if name not in ("address", "public_origin")))
    demo.add_argument(
        "--catalogue-records",
        type=int,
        default=0,
        metavar="N",
        help="generated records to add to the made-up catalogue when it is first made",
    )
    demo.add_argument("--seed", type=int, default=1, help="which made-up library, when it is first made")
    demo.set_defaults(command=_demo)

    serve = commands.add_parser("serve", help="serve a library")
    _options(serve, *meanings())
    serve.set_defaults(command=_serve)

    catalogue = commands.add_parser("catalogue", help="import records, build what is searched").add_subparsers(
        required=True, metavar="COMMAND"
    )
    importing = catalogue.add_parser("import", help="read MARC 21 files (ISO 2709 or MARCXML) or folders of them")
    importing.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
    _options(importing, "data")
    importing.set_defaults(command=_catalogue_import)
    building = catalogue.add_parser("build", help="make the file that phones and server search")
    _options(building, "data")
    building.set_defaults(command=_catalogue_build)
    generating = catalogue.add_parser("generate", help="add made-up records, to try how it is with many")
    generating.add_argument("count", type=int, metavar="N")
    generating.add_argument("--seed", type=int, default=1, help="which made-up records")
    _options(generating, "data")
    generating.set_defaults(command=_catalogue_generate)

    jobs = commands.add_parser("jobs", help="recurring work: list it and what is stuck, or run one now")
    jobs.add_argument("what", nargs="?", choices=("list", "run"), default="list")
    jobs.add_argument("name", nargs="?", help="the job to run")
    _options(jobs, *STORED)
    jobs.set_defaults(command=_jobs)

    patrons = commands.add_parser("patrons", help="what staff do for readers").add_subparsers(
        required=True, metavar="COMMAND"
    )
    code = patrons.add_parser("code", help="make a one-time sign-in code for a card")
    code.add_argument("card_number")
    _options(code, *STORED, "code_minutes")
    code.set_defaults(command=_patrons_code)

    staff = patrons.add_parser("staff", help="make the holder of a card a member of staff, or no longer")
    staff.add_argument("card_number")
    staff.add_argument("--no-longer", action="store_true", help="take it back")
    _options(staff, *STORED)
    staff.set_defaults(command=_patrons_staff)

    backup = commands.add_parser("backup", help="copy the account database into one file, while it is served")
    backup.add_argument("target", type=Path, metavar="FILE", help="where to: a file that is not there yet")
    _options(backup, *STORED)
    backup.set_defaults(command=_backup)

    restore = commands.add_parser("restore", help="put a backup back, with the server stopped")
    restore.add_argument("backup", type=Path, metavar="FILE", help="what carrel backup made")
    _options(restore, *STORED)
    restore.set_defaults(command=_restore)

    restored = commands.add_parser(
        "restored", help="say that a backup was put back, so that phones send again what it lacks"
    )
    _options(restored, *STORED)
    restored.set_defaults(command=_restored)

    moving = commands.add_parser("migrate-database", help="move a library from its file to PostgreSQL")
    moving.add_argument(
        "--from", dest="source", type=Path, required=True, metavar="FILE", help="carrel.sqlite, or the folder it is in"
    )
    moving.add_argument(
        "--to", dest="target", required=True, metavar="ADDRESS", help="an empty database, such as postgresql://…"
    )
    moving.set_defaults(command=_migrate_database)

    schema = commands.add_parser("schema", help="write the types of messages and facts that the app is built with")
    schema.add_argument("--check", action="store_true", help="write nothing; exit code 1 when a file is stale")
    schema.add_argument("--root", type=Path, default=Path(), help="the checkout (default: the current folder)")
    schema.set_defaults(command=_schema)
    return parser


def _options(parser: argparse.ArgumentParser, *names: str) -> None:
    defaults = Settings()
    for name in names:
        told = getattr(defaults, name)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            default=None,
            metavar=type(told).__name__.replace("PosixPath", "FOLDER").upper(),
            help=f"{meanings()[name]} (default: {told})" if str(told) else meanings()[name],
        )


def _demo(asked: argparse.Namespace, chosen: Settings) -> int:
    if not chosen.public_origin and chosen.tls_certificate == "":
        check_reach(chosen, demo=True)
    serving.check_port(chosen)
    serving.check_certificate(chosen)
    forum = asyncio.run(_furnished(asked, chosen))

    def ready() -> None:
        print(f"Carrel is open at {serving.address_of(chosen)}")
        print("Sign in: choose Sign in, then one of the made-up readers. Stop with Ctrl+C; the data stays")
        print(f"in {chosen.data.resolve()}.", flush=True)

    return asyncio.run(serving.serve(build_app(chosen, the_house({"forum": forum}), demo=True), chosen, ready))


async def _furnished(asked: argparse.Namespace, chosen: Settings) -> LibrarySystem:
    """Make the demo's data on its first run, and open the library system that stands beside it."""
    from carrel import demo
    from carrel.catalogue import demo_titles
    from carrel.demo import forum

    now = clock()
    storage = await open_storage(chosen.place, now)
    try:
        await storage.write(lambda tx: about.claim(tx, "demo"))
        house = the_house()
        if not await storage.read(house.register.demo_patrons):
            print("Making the demo's readers, loans and rooms …", flush=True)
            today = datetime.fromtimestamp(now / 1000, house.zone).date()
            await demo.furnish(storage, today, now, asked.seed)
        if not (chosen.catalogue / "manifest.json").exists():
            print("Making the demo's catalogue …", flush=True)
            await asyncio.to_thread(
                demo_titles.furnish, chosen.catalogue, now, asked.catalogue_records, asked.seed
            )
        return await forum.connected(storage, chosen.data, clock)
    finally:
        await storage.close()


def _serve(_: argparse.Namespace, chosen: Settings) -> int:
    check_reach(chosen, demo=False)
    serving.check_port(chosen)
    serving.check_certificate(chosen)

    async def claim(storage: Storage) -> None:
        await storage.write(lambda tx: about.claim(tx, "library"))

    _with_storage(chosen, claim)

    def ready() -> None:
        print(f"Carrel is open at {chosen.public_origin or serving.address_of(chosen)}", flush=True)

    watching.log_json_lines()
    return asyncio.run(serving.serve(build_app(chosen), chosen, ready))


def _catalogue_import(asked: argparse.Namespace, chosen: Settings) -> int:
    from carrel.catalogue import importing

    return importing.run(asked.paths, chosen.catalogue)


def _catalogue_build(_: argparse.Namespace, chosen: Settings) -> int:
    from carrel.catalogue import snapshot

    return snapshot.run(chosen.catalogue)


def _catalogue_generate(asked: argparse.Namespace, chosen: Settings) -> int:
    from carrel.catalogue import generating

    return generating.run(asked.count, asked.seed, chosen.catalogue)


def _jobs(asked: argparse.Namespace, chosen: Settings) -> int:
    if asked.what == "run" and not asked.name:
        print("Say which job to run: carrel jobs run NAME. `carrel jobs` lists them.", file=sys.stderr)
        return 2
    house = the_house()

    async def work(storage: Storage) -> int:
        jobs = jobs_of(house, storage)
        await jobs.enrol(clock())
        if asked.what == "run":
            try:
                standing = await jobs.run(asked.name, clock())
            except KeyError:
                print(f"There is no job {asked.name}. `carrel jobs` lists them.", file=sys.stderr)
                return 2
            if standing is None:
                print(f"{asked.name} is being run by another process just now.", file=sys.stderr)
                return 1
            print(f"{asked.name}: {standing.last_failure or standing.last_report}")
            return 1 if standing.last_failure else 0
        for each in await jobs.standing():
            print(each.name)
            print(f"  next run  {_instant(each.next_run_at, house.zone)}")
            if each.last_run_at is not None:
                print(f"  last run  {_instant(each.last_run_at, house.zone)}")
                print(f"  {'failure ' if each.last_failure else 'report  '}  {each.last_failure or each.last_report}")
        stuck = [each for each in await storage.read(errands.in_trouble) if each.stuck]
        for errand in stuck[:STUCK_SHOWN]:
            print(f"{errand.kind} {errand.name}: stuck")
            print(f"  since     {_instant(errand.since_at, house.zone)}, {errand.tries} times in vain")
            print(f"  next try  {_instant(errand.due_at, house.zone)}")
            print(f"  trouble   {errand.trouble}")
        if len(stuck) > STUCK_SHOWN:
            print(f"and {len(stuck) - STUCK_SHOWN} more that are stuck")
        return 0

    return _with_storage(chosen, work)


def _patrons_code(asked: argparse.Namespace, chosen: Settings) -> int:
    house = the_house()
    now = clock()
    code = rules.new_code(secrets.token_bytes(rules.CODE_LENGTH))
    salt = secrets.token_hex(16)

    async def work(storage: Storage) -> int:
        async def issue(tx: Any) -> str | None:
            patron_id = await house.register.holder_of(tx, asked.card_number)
            if patron_id is None:
                return None
            await store.issue_code(
                tx,
                patron_id,
                asked.card_number,
                salt,
                rules.code_hash(code, salt),
                now + chosen.code_minutes * rules.MINUTE_MS,
            )
            return await house.register.name_of(tx, patron_id)

        name = await storage.write(issue)
        if name is None:
            print(f"No reader has the card {asked.card_number}. Check the number.", file=sys.stderr)
            return 1
        print(f"{code[:4]}-{code[4:]}  for {name}, good for {chosen.code_minutes} minutes and one sign-in.")
        return 0

    return _with_storage(chosen, work)


def _patrons_staff(asked: argparse.Namespace, chosen: Settings) -> int:
    house = the_house()
    now = clock()

    async def work(storage: Storage) -> int:
        async def keep(tx: Any) -> str | None:
            patron_id = await house.register.holder_of(tx, asked.card_number)
            if patron_id is None:
                return None
            await store.keep_staff(tx, patron_id, not asked.no_longer, now)
            await patrons_intents.changed(tx, patron_id, now)
            return await house.register.name_of(tx, patron_id)

        name = await storage.write(keep)
        if name is None:
            print(f"No reader has the card {asked.card_number}. Check the number.", file=sys.stderr)
            return 1
        print(f"{name} is {'no longer' if asked.no_longer else 'now'} a member of staff.")
        return 0

    return _with_storage(chosen, work)


def _backup(asked: argparse.Namespace, chosen: Settings) -> int:
    if isinstance(chosen.place, str):
        raise Refused(
            "The accounts are in PostgreSQL, which makes its own backups: run pg_dump --format=custom on that "
            "database, or use what your site uses for it."
        )
    size = backups.back_up(chosen.place, asked.target, clock())
    print(f"{asked.target} holds the whole account database ({size:,} bytes), read back once.")
    print("It names readers and what they borrow: keep it as safe as the library's own data.")
    return 0


def _restore(asked: argparse.Namespace, chosen: Settings) -> int:
    if isinstance(chosen.place, str):
        raise Refused(
            "The accounts are in PostgreSQL, which puts its own backups back: stop every node, run pg_restore, "
            "then carrel restored with the same --database, so that phones send again what the backup lacks."
        )
    put = backups.put_back(asked.backup, chosen.place, clock(), f"e{secrets.token_hex(6)}")
    print(f"The accounts are as they were on {_instant(put.made_at, the_house().zone)}, and a new history begins.")
    print("Start the server: phones will send again what the backup lacks.")
    if put.before is not None:
        print(f"What was there before is kept as {put.before}; delete it when all is well.")
    return 0


def _restored(_: argparse.Namespace, chosen: Settings) -> int:
    async def work(storage: Storage) -> int:
        await storage.write(lambda tx: about.new_history(tx, f"e{secrets.token_hex(6)}"))
        print("A new history begins. Phones will send again what the backup lacks.")
        print("A server that runs on this database has to be stopped and started once.")
        return 0

    return _with_storage(chosen, work)


def _migrate_database(asked: argparse.Namespace, _: Settings) -> int:
    if not asked.target.startswith(("postgresql://", "postgres://")):
        print("--to is the address of a PostgreSQL database: it begins with postgresql://", file=sys.stderr)
        return 2
    try:
        from carrel.storage import moving
    except ModuleNotFoundError as said:
        raise Refused(
            f"PostgreSQL needs {said.name}, which is not installed: pip install 'carrel-app[postgres]'"
        ) from said
    source = asked.source / "carrel.sqlite" if asked.source.is_dir() else asked.source
    moved = asyncio.run(moving.move(source, asked.target, clock(), lambda told: print(told, flush=True)))
    print(f"{moved.rows:,} rows in {moved.tables} tables were moved and read back the same.")
    print("Now start every node with CARREL_DATABASE set to that address. The file stays as it was, as a backup;")
    print("it is not served again unless carrel restored is run on it.")
    return 0


def _schema(asked: argparse.Namespace, _: Settings) -> int:
    from carrel import facts_schema
    from carrel_sync import schema

    files = facts_schema.files(asked.root)
    if asked.check:
        stale = schema.stale(files)
        for path in stale:
            print(f"{path} is stale: run carrel schema", file=sys.stderr)
        return 1 if stale else 0
    for path in schema.write(files):
        print(path)
    return 0


def _with_storage(chosen: Settings, work: Callable[[Storage], Coroutine[Any, Any, T]]) -> T:
    async def opened() -> T:
        storage = await open_storage(chosen.place, clock(), 2)
        try:
            return await work(storage)
        finally:
            await storage.close()

    return asyncio.run(opened())


def _instant(at: int, zone: Any) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")
