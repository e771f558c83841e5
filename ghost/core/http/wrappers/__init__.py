"""WSGI applications around the application: what is put right before Django, and after it. Leans on nothing."""
