"""The catalog as a file, and files as a catalog: docs/exchange.md.

Formats read and write `records`; `catalog` has the rows as records, and `importer` is the one way
by which records become rows. Leans on resources.publishing and resources.models.
"""
