"""How a resource comes in or changes, one or many. Leans on resources.models and resources.torrents."""
