"""What operators are told of: rules over the figures, what is wrong now, and the digest. Leans on figures and channels.

`evaluation.evaluate` looks, compares and leaves messages; the watch of a worker host calls it, and a web process where no
worker is alive (`takeover`).
"""
