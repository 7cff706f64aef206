"""
Brings the peers into build/peers: npm's from the lock file here, Kinto into an environment of its own.

Prints one JSON object: {"folder", "kinto"}; "kinto" is '' where it could not be installed. Ends with 1 where npm's
could not be. Nothing else needs any of them.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
FOLDER = ROOT / "build" / "peers"
sys.path.insert(0, str(ROOT / "workshop"))

from node import from_wheel, on_this_machine  # noqa: E402


def npm() -> bool:
    # A bench runs with the wheel's Node on its path, whose own npm does not start: the wheel comes first.
    wheels = (from_wheel(Path(place)) for place in sys.path if place)
    node = next((each for each in wheels if each is not None), None) or on_this_machine()
    if node is None:
        return False
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "others.mjs"):
        shutil.copy(HERE / name, FOLDER / name)
    if (FOLDER / "node_modules" / ".package-lock.json").exists():
        return True
    # Their install scripts would download prebuilt programs; the memory stores used here need none.
    command = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    return subprocess.run(command, cwd=FOLDER, env=node.surroundings(), stdout=sys.stderr, check=False).returncode == 0


def kinto() -> str:
    program = FOLDER / "kinto" / "bin" / "kinto"
    if program.exists():
        return str(program)
    for command in (
        [sys.executable, "-m", "venv", str(FOLDER / "kinto")],
        [str(FOLDER / "kinto" / "bin" / "pip"), "install", "-q", "kinto==26.5.0", "waitress==3.0.2"],
    ):
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
            return ""
    return str(program)


if __name__ == "__main__":
    if not npm():
        sys.exit(1)
    print(json.dumps({"folder": str(FOLDER), "kinto": kinto()}))
