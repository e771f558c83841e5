"""From rows to a public site and its deployment. Leans on dht and those below."""
