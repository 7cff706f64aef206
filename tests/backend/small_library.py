"""A real process that serves the small house of `small_house.py`: `python small_library.py FOLDER PORT`."""

import asyncio
import logging
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "backend"), str(ROOT / "sync"), str(ROOT)]

from carrel import serving  # noqa: E402
from carrel.app import build_app  # noqa: E402
from carrel.settings import settings  # noqa: E402
from tests.backend.small_house import small_house  # noqa: E402

if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    chosen = settings({"data": sys.argv[1], "port": sys.argv[2], "jobs_seconds": 0, "stop_seconds": 2})
    app = build_app(chosen, small_house(), demo=True)
    sys.exit(asyncio.run(serving.serve(app, chosen, lambda: print("open", flush=True))))
