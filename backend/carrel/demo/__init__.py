"""A made-up university that shows every state a reader can meet. No person in it is real."""

from carrel.demo.furnishing import furnish

__all__ = ["furnish"]
