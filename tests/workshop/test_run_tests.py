"""The runner of all checks: what hangs is ended, with everything it has started."""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "workshop"))

from run_tests import ended

FOR_EVER = "import time; time.sleep(600)"


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_part_that_ends_tells_its_code() -> None:
    assert ended([sys.executable, "-c", "raise SystemExit(3)"], dict(os.environ), 60) == 3


def test_a_part_that_hangs_is_ended() -> None:
    assert ended([sys.executable, "-c", FOR_EVER], dict(os.environ), 0.5) is None


def test_a_part_that_does_not_listen_is_ended_too() -> None:
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {FOR_EVER}"
    assert ended([sys.executable, "-c", deaf], dict(os.environ), 2) is None


def test_what_a_part_has_started_and_left_is_ended_with_it(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    leaves = (
        "import subprocess, sys; "
        f"run = subprocess.Popen([sys.executable, '-c', {FOR_EVER!r}], start_new_session=True); "
        f"open({str(told)!r}, 'w').write(str(run.pid))"
    )
    assert ended([sys.executable, "-c", leaves], dict(os.environ), 60) == 0
    left = int(told.read_text())
    for _ in range(500):  # what was killed needs a moment to be gone
        if not running(left):
            break
        time.sleep(0.02)
    assert not running(left)
