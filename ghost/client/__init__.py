"""The publishers' command `ghost`. It stands alone and imports nothing else of Ghost."""
