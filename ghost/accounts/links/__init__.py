"""Links that open once: the first operator's, and those that set a new password. Leans on nothing of the
accounts' rooms."""
