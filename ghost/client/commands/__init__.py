"""The commands of `ghost`, a module for each or for a few alike. Each has `run`, which returns the exit
status, and `add_arguments`."""
