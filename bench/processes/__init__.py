"""The programs that a bench starts, each in a process of its own, and what they used."""
