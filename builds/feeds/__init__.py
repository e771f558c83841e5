"""Feeds of the site's lists: RSS 2.0, Atom 1.0, JSON Feed 1.1, OPML, sitemaps. Leans on builds.data."""
