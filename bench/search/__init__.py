"""What the search index costs, and what a visitor in Chromium finds with it."""
