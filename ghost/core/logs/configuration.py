"""Where lines go and which: what `logging.config.dictConfig` takes."""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any

from ghost.core.config.env import Env
from ghost.core.logs.lines import FORMATTERS

log = logging.getLogger(__name__)


def configuration(env: Env) -> dict[str, Any]:
    """Of all that Ghost's processes log, by whatever library."""
    handlers: dict[str, dict[str, Any]] = {"stderr": {"class": "logging.StreamHandler"}}
    if env.log_dir:
        handlers["file"] = {
            "()": "ghost.core.logs.rotation.RotatedFile",
            "folder": env.log_dir,
            "max_bytes": env.log_max_mb * 1_000_000,
            "keep": env.log_keep,
        }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": FORMATTERS[env.log_format]}},
        "handlers": {name: each | {"formatter": "line"} for name, each in handlers.items()},
        "root": {"handlers": [*handlers], "level": env.api_log_level},
        "loggers": {
            # It tells of every message; what a task did stands in its own line.
            "django-q": {"level": "WARNING"},
            # At DEBUG it would tell each query with its values: digests, keys of sessions, texts.
            "django.db.backends": {"level": "INFO"},
            # Who is refused is told so, and the access line tells it too.
            "django.request": {"level": "ERROR"},
            # At DEBUG they tell addresses with their queries, which may open something.
            "urllib3": {"level": "INFO"},
            "ghost.access": {"level": "NOTSET" if env.access_log else "WARNING"},
        },
    }


def log_what_nobody_catches() -> None:
    """Lines of the log for warnings and for errors that end a thread, which Python would print: a server's
    process asks for it."""
    logging.captureWarnings(capture=True)
    threading.excepthook = _log_thread
    sys.unraisablehook = _log_unraisable


def _log_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is SystemExit or args.exc_value is None:
        return
    name = args.thread.name if args.thread else "?"
    info = (args.exc_type, args.exc_value, args.exc_traceback)
    log.error("The thread %s ended by an error.", name, exc_info=info)


def _log_unraisable(args: Any) -> None:  # noqa: ANN401  # sys.UnraisableHookArgs, which can't be imported
    info = (args.exc_type, args.exc_value, args.exc_traceback)
    log.error(
        "%s: %r", args.err_msg or "Nobody could catch an error in", args.object, exc_info=info
    )
