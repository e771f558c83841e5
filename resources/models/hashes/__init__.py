"""Info-hashes: which are blocked, which two rows would share, and which a row's texts name.

Leans on `resources.torrents` and on the columns of a resource.
"""
