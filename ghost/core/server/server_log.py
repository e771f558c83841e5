"""The web server's own lines, written as all others are (`ghost.core.text.log_lines`)."""

from __future__ import annotations

import logging
from typing import IO, Any

from gunicorn.glogging import Logger

from ghost.core.text.log_lines import LineFormatter


class ServerLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's log of errors in our form. Its access log is off, and stays as it is where it is
    switched on."""

    def _set_handler(
        self,
        log: logging.Logger,
        output: str | None,
        fmt: logging.Formatter,
        stream: IO[Any] | None = None,
    ) -> None:
        is_ours = log is self.error_log
        super()._set_handler(log, output, LineFormatter() if is_ours else fmt, stream)
