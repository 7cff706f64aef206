"""Letting a phone know that there is something new: open streams that say so, and nothing of what it is."""
