"""The account pages: forms, views, and their links in the menu. Leans on the rules beside it."""
