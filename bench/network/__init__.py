"""A simulated DHT, raw libtorrent and Ghost, each in a process of its own."""
