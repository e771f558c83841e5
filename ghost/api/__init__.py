"""The API's root, and the endpoints that belong to no app. Leans on every app."""
