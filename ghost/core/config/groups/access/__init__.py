"""The variables of who comes in, and how: addresses, keys, sessions, accounts, the API. Leans on the forms of values."""
