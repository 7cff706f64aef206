"""The catalogue: MARC records in, one immutable file out, and the same search on both sides of the network."""
