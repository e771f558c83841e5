"""The accounts of operators: signing in, the second factor, sessions. Stands on django-allauth, and
leans on `teams.models.Attempt`, by which guessing is slow."""
