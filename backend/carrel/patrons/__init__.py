"""Who may borrow: patrons, their accounts per borrowing system, and what their phones may know of these."""
