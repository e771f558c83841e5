"""Magnet links, `.torrent` files and what is in them: the one reader. Leans on ghost.core alone."""
