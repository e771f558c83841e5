"""How the work stands: what waits, what ended, and what runs by the clock. Leans on figures.machines."""
