"""Histories by chance that the promise between phone and library has to survive; both halves are the real ones."""
