"""How gunicorn is started: `gunicorn --config python:ghost.core.server.options`. An option on its
command line has precedence."""

from __future__ import annotations

from gunicorn.http import message

from ghost.core.config.env import load
from ghost.core.io import files

_variables = load()
_host = f"[{_variables.host}]" if ":" in _variables.host else _variables.host

bind = f"{_host}:{_variables.port}"
wsgi_app = "ghost.wsgi"
worker_class = "ghost.core.server.worker.GuardedWorker"
logger_class = "ghost.core.server.server_log.ServerLog"
workers = 2
threads = 8
worker_connections = 8192
"""Of each process, where the system lets it have twice as many files open."""
timeout = 90
limit_request_line = message.MAX_REQUEST_LINE = 16_384
"""A search of 8 kB is answered; gunicorn's own most is 8,190 bytes with the address before it. The whole head
is bounded by `ghost.core.server.request_head`."""
max_requests = 20_000
max_requests_jitter = 2000
control_socket_disable = True
umask = files.PRIVATE_UMASK
"""gunicorn's own would be 0: a Unix socket (`--bind unix:…`) would be everybody's."""
# Nobody's word counts here: whom to believe is known further in (ghost.core.http.transport.forwarded).
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
