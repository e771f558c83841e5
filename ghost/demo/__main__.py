"""`make run`: prepares the demo and runs its programs until Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from honcho.manager import Manager
from honcho.printer import Message, Printer

from ghost.core.config.env import BASE_DIR
from ghost.core.errors import OutageError
from ghost.core.io import files, programs
from ghost.demo.place import Place


def main() -> int:
    """The exit status: 0 after Ctrl-C, another if a program ended by itself."""
    files.keep_private()
    place = Place(port=_port())
    if _is_taken(place.port):
        return _complain(
            f"Port {place.port} is taken, perhaps by another demo. Try: PORT={place.port + 1000} make run"
        )
    with _lock(place) as running_at:
        if running_at:
            return _complain(f"The demo runs already: {running_at}")
        return _prepare_and_run(place)


def _prepare_and_run(place: Place) -> int:
    variables = _clean_environment() | place.environment()
    print(f"Starting the demo in {place.folder.relative_to(BASE_DIR)} …", flush=True)
    try:
        prepared = programs.run(
            [sys.executable, "manage.py", "prepare"], timeout_s=120, cwd=BASE_DIR, env=variables
        )
    except OutageError as error:
        return _complain(str(error))
    if prepared.exit_code:
        return _complain(prepared.text)
    place.write_env_file()
    return _run(place, variables)


def _run(place: Place, variables: dict[str, str]) -> int:
    manager = Manager(_Printer(sys.stdout, prefix=sys.stdout.isatty()))
    programs = procfile() | {"demo": f'"{sys.executable}" manage.py demo'}
    for name, command in programs.items():
        manager.add_process(name, f"exec {command}", env=variables, cwd=str(BASE_DIR))
    # A closed terminal is a Ctrl-C too.
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    manager.loop()
    return 0 if manager.returncode in (0, -signal.SIGINT, 128 + signal.SIGINT) else 1


class _Printer(Printer):  # type: ignore[misc]  # honcho has no types
    """Stops everything once nobody reads: the terminal is gone, or the pipe is closed."""

    def write(self, message: Message) -> None:
        try:
            super().write(message)
        except OSError:
            self.output = Path(os.devnull).open("w")  # noqa: SIM115  # until we end
            os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _lock(place: Place) -> Iterator[str]:
    """Hold the demo's folder, or give the address of the demo that holds it."""
    files.make_folder(place.folder, files.PASSABLE_FOLDER)
    with (place.folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            yield file.read().strip() or "another one is just starting"
            return
        file.truncate(0)
        file.write(place.url)
        file.flush()
        yield ""


def procfile() -> dict[str, str]:
    """The programs that a real installation runs, by name."""
    lines = (BASE_DIR / "Procfile").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line)


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
