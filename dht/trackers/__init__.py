"""Asking trackers, over UDP and HTTP (BEP 3, 7, 15, 23, 48). Leans on ghost.core."""
