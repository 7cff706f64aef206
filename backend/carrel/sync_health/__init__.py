"""How phones fare with the library: for staff, who have to find out whom it serves badly."""
