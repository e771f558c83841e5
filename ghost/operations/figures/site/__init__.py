"""How the public site stands: its build, and the targets that it is brought to. Leans on builds."""
