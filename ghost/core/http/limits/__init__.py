"""How much a caller may ask for: requests in a time, and places to wait in. Leans on nothing."""
