"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from ghost.core.http.wrappers.content_type import made_plain
from ghost.core.http.wrappers.head import bodiless
from ghost.core.http.wrappers.timeouts import bounded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ghost.settings")
application = bodiless(made_plain(bounded(get_wsgi_application())))

# Below, since these need the apps.
from ghost.core.audit import access  # noqa: E402  # as above
from ghost.core.heartbeats import web  # noqa: E402  # as above
from ghost.operations import startup  # noqa: E402  # as above

if os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn/"):  # commands and tests have none
    web.WebHeartbeat(startup.Start().attempt, regularly=access.write).start()
