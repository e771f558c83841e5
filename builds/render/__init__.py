"""Page records in, HTML out: Hugo. Leans on builds.run."""
