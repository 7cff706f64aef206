"""The page keeps what the content security policy promises: no inline code, no inline style."""

import re
from pathlib import Path

PWA = Path(__file__).resolve().parent.parent.parent / "pwa"
VIEWS = sorted([*PWA.rglob("*.tsx"), *PWA.rglob("*.html")]) if PWA.is_dir() else []
FORBIDDEN = {
    "a style attribute": re.compile(r"<[a-zA-Z][^<>]*\sstyle=", re.DOTALL),
    "inner HTML": re.compile(r"dangerouslySetInnerHTML|\.innerHTML\b|\.outerHTML\b|insertAdjacentHTML"),
    "a script from text": re.compile(r"\beval\(|new Function\(|document\.write"),
    "a script in the page": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>", re.DOTALL),
    "a style element in the page": re.compile(r"<style[\s>]"),
    "an event attribute": re.compile(r"<[a-z]+[^<>{}]*\son[a-z]+=\"", re.DOTALL),
    "a link that is code": re.compile(r"javascript:"),
}


def test_no_view_has_inline_code_or_inline_style():
    found = {
        f"{path.relative_to(PWA)} has {what}"
        for path in VIEWS
        for what, pattern in FORBIDDEN.items()
        if pattern.search(path.read_text("utf-8"))
    }
    assert not found
