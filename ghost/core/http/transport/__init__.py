"""The way between a client and Ghost: what is believed of proxies, TLS, and what answers tell browsers and caches. Leans on core.http."""
