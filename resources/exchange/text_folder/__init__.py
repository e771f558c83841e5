"""The public catalog as a folder of text, of which git shows readable differences (docs/exchange.md).

A record on each line, in an order and with keys in an order that stay the same; resources by the month in
which they were made. It names nothing that the public site doesn't: no token, note, cover address, reason of
a takedown, draft or health. Leans on resources.exchange.
"""
