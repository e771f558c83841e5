"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from ghost.core.http.content_type import made_plain
from ghost.core.http.timeouts import bounded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ghost.settings")
application = made_plain(bounded(get_wsgi_application()))
