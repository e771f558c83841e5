"""How `pip install ./ghost/client` makes the client a distribution of its own."""
