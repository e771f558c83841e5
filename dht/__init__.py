"""Is it alive: probes and health scans over DHT, trackers and web seeds. Leans on resources and those below."""
