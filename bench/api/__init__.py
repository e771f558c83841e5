"""The bare endpoint beside the API, its full catalog, and who listens to its events."""
