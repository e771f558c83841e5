"""The page records of the site. Leans on builds.listings."""
