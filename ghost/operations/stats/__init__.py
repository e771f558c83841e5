"""How much there is: resources by how they stand, tokens, teams. Leans on every app's rows.

To count a large catalog takes tenths of a second. So the watch of one worker host does it every minute,
for `/metrics` and the ops API, which read one row.
"""
