"""What `manage.py doctor` looks at: the configuration, this machine, and the figures. Leans on figures, start and checks."""
