"""The web server's own lines, written as all others are (`ghost.core.logs`)."""

from __future__ import annotations

import logging
from logging.config import dictConfig
from typing import IO, Any

from gunicorn.glogging import Logger

from ghost.core.config.env import load
from ghost.core.logs import masking
from ghost.core.logs.configuration import configuration
from ghost.core.logs.lines import FORMATTERS, AccessFormatter


class ServerLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's log of errors goes where all lines go, unless it has a file of its own. Its access log is
    off; switched on it has gunicorn's form, without credentials."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401  # gunicorn's
        """In the first process, which loads no Django, and again when it is told to (SIGHUP)."""
        self._env = load()
        masking.learn(masking.secrets_of(self._env))
        dictConfig(configuration(self._env))
        super().setup(cfg)

    def _set_handler(
        self,
        log: logging.Logger,
        output: str | None,
        fmt: logging.Formatter,
        stream: IO[Any] | None = None,
    ) -> None:
        is_errors = log is self.error_log
        log.propagate = is_errors and output == "-"
        if log.propagate:
            return
        own = FORMATTERS[self._env.log_format]
        is_json = self._env.log_format == "json"
        fmt = own() if is_errors or is_json else AccessFormatter()
        super()._set_handler(log, output, fmt, stream)
