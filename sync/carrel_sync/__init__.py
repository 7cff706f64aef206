"""Carrel Sync 1: the promise between phone and library. Knows no capability and does no input or output."""
