"""What every test folder may lean on: the two Python sources on the path, and where outside data lies."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
for source in ("backend", "sync"):
    if str(ROOT / source) not in sys.path:
        sys.path.insert(0, str(ROOT / source))

from tests.databases import databases, postgres  # noqa: E402, F401  (fixtures)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real records from beside the repository; a test that needs them is skipped, saying so, without."""
    place = Path(os.environ.get("CARREL_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not place.is_dir():
        pytest.skip(f"no real records at {place}; set CARREL_SHARED_DATA to the folder that has them")
    return place
