"""
An endpoint of the same application that reads a push and answers, and does nothing else.

Same server, same gate, same process model as `carrel demo`, as many bytes read and answered: it is first handed a
real reply of the library, compresses it once, and answers that to every push. What it leaves out is what `/sync/1`
is for: to inflate and decode, to know who asks, to decide, to keep, to encode and compress what is true now.
`python tests/bench/nothing.py PORT FOLDER`.
"""

import asyncio
import sys
from pathlib import Path

from litestar import Request, Response, post

from carrel import serving
from carrel.app import build_app, the_house
from carrel.gate import compressed
from carrel.settings import settings

answer = {"body": b"{}"}


@post("/pub/nothing", status_code=200)
async def nothing(request: Request) -> Response[bytes]:
    """Read the whole push; answer what was handed in."""
    await request.body()
    headers = {"cache-control": "no-store", "content-encoding": "br"}
    return Response(answer["body"], media_type="application/json", headers=headers)


@post("/pub/nothing/answer", status_code=204)
async def hand_in(request: Request) -> None:
    """What to answer from now on, as JSON."""
    answer["body"] = compressed(await request.body(), "br")


def main(port: str, folder: Path) -> int:
    house = the_house()
    house.handlers.extend([nothing, hand_in])
    chosen = settings({"port": port, "data": str(folder)})
    return asyncio.run(serving.serve(build_app(chosen, house, demo=True), chosen, lambda: None))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
