"""How dates and times are written, for each language of the admin (`FORMAT_MODULE_PATH`). Leans on nothing."""
