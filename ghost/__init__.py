"""The Django project, and what belongs to no app. Leans on every app; its `core` leans on none."""
