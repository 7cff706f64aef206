"""Carrel: a university library's own app. The library's side."""

__version__ = "0.1.0"
