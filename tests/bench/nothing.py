"""An endpoint that does nothing but read a request and answer: what the same server can do at the most."""

from litestar import Litestar, Request, post

ANSWER = b'{"v":1,"now":0,"epoch":"e","upto":0,"cur":""}'


@post("/nothing", status_code=200, media_type="application/json")
async def nothing(request: Request) -> bytes:
    await request.body()
    return ANSWER


app = Litestar([nothing], openapi_config=None)
