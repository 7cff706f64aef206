"""
An endpoint of the same application that reads a push and answers, and does nothing else.

Same server, same gate, same process model as `carrel demo`; what it leaves out is what `/sync/1` is for:
to inflate and decode, to know who asks, to decide, to keep. `python tests/bench/nothing.py PORT FOLDER`.
"""

import asyncio
import sys
from pathlib import Path

from litestar import Request, post

from carrel import serving
from carrel.app import build_app, the_house
from carrel.settings import settings

ANSWER = b'{"v":1,"now":0,"epoch":"e","upto":0,"cur":""}'


@post("/pub/nothing", status_code=200, media_type="application/json")
async def nothing(request: Request) -> bytes:
    """Read the whole push; answer the shortest reply there could be."""
    await request.body()
    return ANSWER


def main(port: str, folder: Path) -> int:
    house = the_house()
    house.handlers.append(nothing)
    chosen = settings({"port": port, "data": str(folder)})
    return asyncio.run(serving.serve(build_app(chosen, house, demo=True), chosen, lambda: None))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
