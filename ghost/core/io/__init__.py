"""The one entry point each to HTTP, other programs and files. Leans on core.errors and core.text."""
