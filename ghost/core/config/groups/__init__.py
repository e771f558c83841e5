"""The variables, a class for each group of them. Leans on the forms of values beside it."""
