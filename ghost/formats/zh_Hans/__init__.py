"""In Simplified Chinese. Leans on nothing."""
