"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from ghost.core.config import role
from ghost.core.http.wrappers.content_type import made_plain
from ghost.core.http.wrappers.head import bodiless
from ghost.core.http.wrappers.timeouts import bounded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ghost.settings")
role.be_web_server()
application = bodiless(made_plain(bounded(get_wsgi_application())))

# Below, since these need the apps.
from ghost.core.audit import access  # noqa: E402  # as above
from ghost.core.heartbeats import web  # noqa: E402  # as above
from ghost.core.logs.configuration import log_what_nobody_catches  # noqa: E402  # as above
from ghost.core.measurements import writing  # noqa: E402  # as above
from ghost.operations.alerts import takeover  # noqa: E402  # as above
from ghost.operations.chores import sampling  # noqa: E402  # as above
from ghost.operations.start import startup  # noqa: E402  # as above


def regularly() -> None:
    """What a web process does besides with every heartbeat."""
    access.write()
    sampling.take_if_nobody_does()


if os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn/"):  # commands and tests have none
    log_what_nobody_catches()
    writing.start()
    web.WebHeartbeat(
        startup.Start().attempt, regularly=regularly, whatever_happens=takeover.look
    ).start()
