"""The catalog for tools that speak Torznab, such as Prowlarr: torznab.github.io, version 1.3.

Read-only, for holders of a token. What was decided where the text leaves room stands in
docs/decisions/0014-torznab.md. Leans on every app.
"""
