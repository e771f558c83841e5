"""How an event of the log is written: one line, in which nothing passes for another one.

What strangers sent stands in messages and in tracebacks, whoever logs it: so it is made harmless here,
where all of it comes by.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from ghost.core.logs import context
from ghost.core.logs.masking import excerpt
from ghost.core.text.unicode import spelt_out

MOST_CHARS = 20_000
"""Of a message, and of a traceback."""
_PLAIN = re.compile(r"[\w./:+-]+")


class Formatter(logging.Formatter):
    """What both forms have in common. `details` of a record are facts by their names, `in_words` names those
    that its message has already: `extra={"details": {"status": 200}, "in_words": ("status",)}`."""

    def facts(self, record: logging.LogRecord) -> dict[str, Any]:
        """The event by its parts, without credentials; `exception` only where there is one."""
        facts: dict[str, Any] = {
            "time": moment(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": clean(message(record)),
            **{name: value or None for name, value in context.current().ids.items()},
        }
        facts |= {name: clean_value(value) for name, value in details(record).items()}
        trace = self.traceback(record)
        return facts | ({"exception": clean(trace)} if trace else {})

    def traceback(self, record: logging.LogRecord) -> str:
        """Of the error that came with it, and where it was logged, if that was asked for."""
        parts = [record.exc_text or ""]
        if record.exc_info and not record.exc_text:
            parts[0] = self.formatException(record.exc_info)
        if record.stack_info:
            parts.append(self.formatStack(record.stack_info))
        return "\n".join(filter(None, parts))


class TextFormatter(Formatter):
    r"""Time in UTC, level, source, `[request=… task=… build=…]`, words, facts; ends of lines as `\n`."""

    def format(self, record: logging.LogRecord) -> str:
        """The event as one line."""
        facts = self.facts(record)
        ids = [f"{name}={value}" for name, value in context.current().ids.items() if value]
        where = " ".join(ids).replace("_id=", "=") or "-"
        told = [f"{name}={_quoted(facts[name])}" for name in _not_in_words(record)]
        words = [facts["message"], *told, facts.get("exception", "")]
        line = f"{facts['time']} {facts['level']:<7} {facts['logger']} [{where}] "
        return line + " ".join(filter(None, words)).replace("\n", "\\n")


class JsonFormatter(Formatter):
    """One JSON object, in ASCII: `time`, `level`, `logger`, `message`, `request_id`, `task_id`, `build_id`,
    `exception` and the event's own facts."""

    def format(self, record: logging.LogRecord) -> str:
        """The event as one line."""
        return json.dumps(self.facts(record))


class AccessFormatter(logging.Formatter):
    """The message alone, for the web server's own access log in a form that its readers know."""

    def format(self, record: logging.LogRecord) -> str:
        """The event as one line."""
        return clean(message(record)).replace("\n", "\\n")


FORMATTERS: dict[str, type[Formatter]] = {"text": TextFormatter, "json": JsonFormatter}
"""By GHOST_LOG_FORMAT."""


def details(record: logging.LogRecord) -> dict[str, Any]:
    """The facts of an event besides its words."""
    return dict(getattr(record, "details", {}))


def _not_in_words(record: logging.LogRecord) -> list[str]:
    told = (*getattr(record, "in_words", ()), "exception")  # that one comes last
    return [name for name in details(record) if name not in told]


def message(record: logging.LogRecord) -> str:
    """The words; also where somebody logged with arguments that don't fit them."""
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001  # a line that can't be put together must not be lost
        return f"{record.msg!r} with {record.args!r} ({type(error).__name__})"


def moment(seconds: float) -> str:
    """A time in seconds since 1970, as the log writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def clean_value(value: object) -> object:
    """A fact as JSON can hold it, without credentials."""
    return value if isinstance(value, (int, float, type(None))) else clean(str(value))


def clean(words: str) -> str:
    """The same without credentials; what can't be seen is spelt out, but for ends of lines; cut in the middle."""
    words = excerpt(words, MOST_CHARS).replace("\t", "    ").rstrip("\n")
    return spelt_out(words)


def _quoted(value: object) -> str:
    text = "-" if value is None else str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
