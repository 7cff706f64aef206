"""The built app as browsers get it."""

import gzip

import brotli
import pytest


@pytest.fixture
def built(tmp_path):
    files = {
        "index.html": b"<!doctype html><title>Carrel</title>",
        "service_worker.js": b"self.skipWaiting",
        "manifest.webmanifest": b"{}",
        "assets/app-1a2b.js": b"export const x = 1;" * 100,
        "assets/sqlite3-9f.wasm": b"\0asm",
        "assets/literata-1.woff2": b"wOF2",
    }
    for name, content in files.items():
        path = tmp_path / "app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    whole = files["assets/app-1a2b.js"]
    (tmp_path / "app/assets/app-1a2b.js.br").write_bytes(brotli.compress(whole))
    (tmp_path / "app/assets/app-1a2b.js.gz").write_bytes(gzip.compress(whole))
    return files


@pytest.mark.parametrize(
    ("path", "kind", "forever"),
    [
        ("/", "text/html; charset=utf-8", False),
        ("/index.html", "text/html; charset=utf-8", False),
        ("/service_worker.js", "text/javascript; charset=utf-8", False),
        ("/manifest.webmanifest", "application/manifest+json", False),
        ("/assets/app-1a2b.js", "text/javascript; charset=utf-8", True),
        ("/assets/sqlite3-9f.wasm", "application/wasm", True),
        ("/assets/literata-1.woff2", "font/woff2", True),
    ],
)
def test_each_file_has_its_kind_and_its_life_in_caches(small_library, built, path, kind, forever):
    async def test(client):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["cache-control"] == (
            "public, max-age=31536000, immutable" if forever else "no-cache"
        )
        again = await client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        headed = await client.head(path)
        assert (headed.status_code, headed.content) == (200, b"")

    small_library.play(test)


def test_the_smallest_form_the_browser_takes_is_sent(small_library, built):
    async def test(client):
        for accepted, sent in (("br, gzip", "br"), ("gzip", "gzip"), ("identity", None)):
            answer = await client.get("/assets/app-1a2b.js", headers={"accept-encoding": accepted})
            assert answer.headers.get("content-encoding") == sent
            assert answer.headers.get_list("vary") == ["accept-encoding"]
            assert answer.content == built["assets/app-1a2b.js"]

    small_library.play(test)


@pytest.mark.parametrize("path", ["/loans", "/records/12", "/records/a.b", "/rooms/need", "/search?q=x", "/sign-in"])
def test_every_view_is_the_first_page(small_library, built, path):
    async def test(client):
        answer = await client.get(path)
        assert answer.content == built["index.html"]
        assert answer.headers["cache-control"] == "no-cache"

    small_library.play(test)


@pytest.mark.parametrize(
    "path", ["/assets/none.js", "/none.css", "/assets/", "/pub/x", "/.git/config.json"]
)
def test_a_missing_file_is_not_the_first_page(small_library, built, path):
    async def test(client):
        assert (await client.get(path)).status_code == 404

    small_library.play(test)


def test_without_a_built_app_the_page_says_what_to_do(small_library):
    async def test(client):
        answer = await client.get("/")
        assert answer.status_code == 503
        assert "make build" in answer.json()["title"]

    small_library.play(test)
