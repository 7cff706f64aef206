"""
Makes a checkout ready to run, to test or to measure: environment, Node, packages, built app, browsers.

Needs Python 3.11 and its standard library; everything else comes from the lock files. What is already
there and unchanged is left alone, so a second run takes a second or two.

    python3 workshop/prepare.py            to run the app
    python3 workshop/prepare.py browsers   to test it as well
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
BROWSERS = {
    "chromium": ("CARREL_CHROMIUM", ("chromium", "chromium-browser", "google-chrome")),
    "firefox-esr": ("CARREL_FIREFOX", ("firefox-esr", "firefox")),
}
"""Debian's package, the setting that names another program, and the names to look for."""


def python_is_new_enough() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036  an older Python must be told, not fail on syntax
        found = ".".join(str(part) for part in sys.version_info[:3])
        sys.exit(
            f"Carrel needs Python 3.11 or newer; this is {found}. "
            "Install a newer one and name it: make PYTHON=python3.12 demo"
        )


python_is_new_enough()

from built_app import NotPrepared, build, digest, packages, stamped  # noqa: E402
from node import LEAST, Node, from_wheel, on_this_machine  # noqa: E402


def pip(*arguments: str) -> None:
    command = [PYTHON, "-m", "pip", "--disable-pip-version-check", "--no-input", "-q", *arguments]
    ended = subprocess.run(command, cwd=ROOT, check=False)
    if ended.returncode != 0:
        raise NotPrepared(
            f"pip {arguments[0]} ended with code {ended.returncode}. What it printed is above. "
            "The package registry must be reachable the first time."
        )


def works(python: Path) -> bool:
    """Whether the environment's Python starts and is new enough; a moved or upgraded one does not."""
    question = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([python, "-c", question], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def environment() -> None:
    """Make .venv, again where the one that stands does not start."""
    if works(PYTHON):
        return
    print("Making a virtual environment in .venv …", flush=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False
    )
    if made.returncode != 0 or not works(PYTHON):
        raise NotPrepared(
            "Python could not make a virtual environment:\n"
            + (made.stdout + made.stderr).strip()
            + "\nOn Debian and Ubuntu the module is in a package of its own: apt-get install python3-venv"
        )


def site_packages() -> Path:
    question = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(subprocess.run([PYTHON, "-c", question], capture_output=True, text=True, check=True).stdout.strip())


def requirements() -> None:
    """Install what requirements.lock lists, each file checked by its hash, and this checkout itself."""
    stamp = VENV / "carrel-requirements"
    value = digest(ROOT, ("requirements.lock", "pyproject.toml"))
    if stamped(stamp, value):
        return
    print("Installing the Python packages of requirements.lock …", flush=True)
    pip("install", "--require-hashes", "--no-deps", "-r", "requirements.lock")
    pip("install", "--no-build-isolation", "--no-deps", "--no-index", "-e", ".")
    stamp.write_text(value)


def node() -> Node:
    """The machine's Node where it is new enough, otherwise the one of PyPI's wheel in .venv."""
    found = on_this_machine()
    if found is not None:
        return found
    stamp = VENV / "carrel-node"
    value = digest(ROOT, ("workshop/node.lock",))
    if not stamped(stamp, value):
        print(f"Bringing Node: this machine has none of {LEAST[0]}.{LEAST[1]} or newer …", flush=True)
        pip("install", "--require-hashes", "--no-deps", "-r", "workshop/node.lock")
        stamp.write_text(value)
    brought = from_wheel(site_packages())
    if brought is None:
        raise NotPrepared(
            f"There is no Node for this machine on PyPI. Install Node {LEAST[0]}.{LEAST[1]} or newer with npm."
        )
    return brought


def browser(package: str) -> str | None:
    """The program of a browser, or None where it is missing."""
    setting, names = BROWSERS[package]
    if named := os.environ.get(setting):
        return shutil.which(named)
    return next((path for name in names if (path := shutil.which(name))), None)


def browsers() -> None:
    """Install Debian's Chromium and Firefox where they are missing and this is root; otherwise say which."""
    missing = [package for package in BROWSERS if browser(package) is None]
    if not missing:
        return
    wanted = " ".join(missing)
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not root or shutil.which("apt-get") is None:
        settings = " and ".join(BROWSERS[package][0] for package in missing)
        raise NotPrepared(
            f"The tests run in real browsers, and this machine lacks: {wanted}. "
            f"Install them (Debian: sudo apt-get install {wanted}), or name programs in {settings}."
        )
    print(f"Installing {wanted} with apt-get …", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "-y", "--no-install-recommends", "install", *missing],
    ):
        ended = subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
        if ended.returncode != 0:
            raise NotPrepared(f"{' '.join(command)} ended with code {ended.returncode}. What it printed is above.")
    still = [package for package in BROWSERS if browser(package) is None]
    if still:
        raise NotPrepared(f"apt-get ended well, but there is still no {' and no '.join(still)}.")


def main(wanted: list[str]) -> None:
    unknown = set(wanted) - {"browsers"}
    if unknown:
        raise NotPrepared(f"prepare.py knows 'browsers' and nothing else, not {', '.join(sorted(unknown))}.")
    environment()
    requirements()
    brought = node()
    packages(ROOT, brought)
    if "browsers" in wanted:
        browsers()
    build(ROOT, brought)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except NotPrepared as reason:
        sys.exit(f"\n{reason}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Run the same command again to go on.")
