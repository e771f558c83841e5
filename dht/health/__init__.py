"""Is a torrent alive: what counts as evidence, and scans of many. Leans on dht.engine and dht.models."""
