"""Builds the browser app into build/app when its sources have changed; knows nothing of virtual environments."""

import hashlib
import subprocess
from pathlib import Path

from node import Node

SOURCES = ("pwa", "sync/phone", "sync/schema", "accessibility/preferences", "package.json", "package-lock.json")
"""Everything that a change of which changes the built app."""

LEFT_OUT = (".tsbuildinfo", ".md")


class NotPrepared(Exception):
    """Something on this machine stands in the way; the text says what, and what to do."""


def digest(root: Path, paths: tuple[str, ...]) -> str:
    """SHA-256 over names and contents of the files under `paths`, in the order of their names."""
    total = hashlib.sha256()
    for path in paths:
        start = root / path
        files = [start] if start.is_file() else sorted(f for f in start.rglob("*") if f.is_file())
        for file in files:
            if file.name.endswith(LEFT_OUT) or "node_modules" in file.parts:
                continue
            total.update(str(file.relative_to(root)).encode() + b"\0")
            total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def stamped(stamp: Path, value: str) -> bool:
    """Whether the work that left this stamp was done on the same input."""
    return stamp.is_file() and stamp.read_text() == value


def run(command: list[str], root: Path, node: Node, what: str) -> None:
    """Run a step, showing what it prints.

    Raises:
        NotPrepared: it ended with another code than 0.
    """
    ended = subprocess.run(command, cwd=root, env=node.surroundings(), check=False)
    if ended.returncode != 0:
        raise NotPrepared(f"{what} ended with code {ended.returncode}. What it printed is above.")


def packages(root: Path, node: Node) -> None:
    """Install the packages of package-lock.json, without running any of their own scripts."""
    stamp = root / "node_modules" / ".carrel"
    value = digest(root, ("package-lock.json",))
    if stamped(stamp, value):
        return
    print("Installing the app's packages from package-lock.json …", flush=True)
    command = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run(command, root, node, "npm ci")
    stamp.write_text(value)


def build(root: Path, node: Node) -> Path:
    """
    Build the app unless it stands and its sources are the same.

    Returns:
        The folder with index.html.

    Raises:
        NotPrepared: npm, the type check or the build did not end well.
    """
    app = root / "build" / "app"
    stamp = root / "build" / "app.stamp"
    value = digest(root, SOURCES)
    if (app / "index.html").is_file() and stamped(stamp, value):
        return app
    packages(root, node)
    print("Building the app …", flush=True)
    run([*node.npm, "run", "--silent", "build"], root, node, "The build of the app")
    if not (app / "index.html").is_file():
        raise NotPrepared("The build ended well but left no build/app/index.html.")
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(value)
    return app
