"""Library management systems that are not Carrel: the questions asked of them, and one connector for each kind."""
