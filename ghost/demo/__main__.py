"""`make run`: prepares the demo and runs its programs until Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import closing

from honcho.manager import Manager
from honcho.printer import Printer

from ghost import shell
from ghost.demo.place import Place
from ghost.env import BASE_DIR
from ghost.errors import OutageError

GUNICORN = (
    "{python} -m gunicorn ghost.wsgi --bind 127.0.0.1:{port} --worker-class gthread --workers 2"
    " --threads 8 --timeout 90 --log-level warning"
)


def main() -> int:
    """The exit status: 0 after Ctrl-C, another if a program ended by itself."""
    place = Place(port=_port())
    if _is_taken(place.port):
        return _complain(
            f"Port {place.port} is taken, perhaps by another demo. Try: PORT={place.port + 1000} make run"
        )
    variables = _clean_environment() | place.environment()
    print(f"Starting the demo in {place.folder.relative_to(BASE_DIR)} …", flush=True)
    try:
        prepared = shell.run(
            [sys.executable, "manage.py", "prepare"], timeout_s=120, cwd=BASE_DIR, env=variables
        )
    except OutageError as error:
        return _complain(str(error))
    if prepared.exit_code:
        return _complain(prepared.text)
    return _run(place, variables)


def _run(place: Place, variables: dict[str, str]) -> int:
    python = sys.executable
    manager = Manager(Printer(sys.stdout, prefix=sys.stdout.isatty()))
    for name, command in (
        ("web", GUNICORN.format(python=python, port=place.port)),
        ("worker", f"{python} manage.py qcluster"),
        ("demo", f"{python} manage.py demo"),
    ):
        manager.add_process(name, f"exec {command}", quiet=False, env=variables, cwd=str(BASE_DIR))
    manager.loop()
    return 0 if manager.returncode in (0, -signal.SIGINT, 128 + signal.SIGINT) else 1


def _port() -> int:
    given = os.environ.get("PORT", "")
    if given and not (given.isdigit() and 1024 <= int(given) <= 65535):
        sys.exit(_complain(f"PORT is a number from 1024 to 65535, not {given!r}."))
    return int(given or 8000)


def _is_taken(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _clean_environment() -> dict[str, str]:
    """Ours, without settings that are meant for a real installation."""
    return {k: v for k, v in os.environ.items() if not k.startswith("GHOST_")}


def _complain(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
