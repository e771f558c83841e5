"""Asking the network: the only user of libtorrent. Leans on dht.trackers."""
