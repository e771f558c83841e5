"""Second factors: how their secrets are kept, their codes used once, and what follows a change of them.

Leans on `ghost.core` and on `ghost.accounts`' notices and sessions.
"""
