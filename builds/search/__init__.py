"""The search of the site: a static inverted index in segments. Its format is in docs/search.md. Leans on builds.listings and builds.data."""
