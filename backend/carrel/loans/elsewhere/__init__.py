"""
Loans about which another library system decides: mirrored here, renewed there.

A wish is kept and answered `received`; an errand asks the system, outside any unit of work. No library
system knows a key that makes a renewal safe to ask for twice, so what it shows is the only truth: it is
read before every question and after it, and nothing is told that was not read.
"""
