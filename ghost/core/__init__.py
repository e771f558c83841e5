"""The floor: what every app leans on. It imports no app of ours."""
