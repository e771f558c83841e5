"""What is logged, how a line of it is written, and where to. Leans on config, io and text."""
