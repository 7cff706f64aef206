"""What those who run a library look at: whether it is well, what it does in figures, what happened; never who."""
