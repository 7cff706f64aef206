"""What is on loan: items, loans, dated policies, renewal by hand and by itself."""
