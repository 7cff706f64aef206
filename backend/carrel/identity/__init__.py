"""Who is asking: sessions, one-time codes, and sign-in as a demo patron."""
