"""Errors are told to a server of Sentry's kind. Imported only where GHOST_SENTRY_ENABLED says so.

What leaves is what stands here: an error's kind, words and lines of code, where and in which release it
happened, and the ids of request, task and build. Nothing of a request, no local variables, no names of
people or machines; each text is masked as in the log, and addresses of machines and people besides.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import sentry_sdk
from sentry_sdk.integrations import Integration
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration

from ghost.core.config.env import Env
from ghost.core.config.version import VERSION
from ghost.core.logs import context, lines

SENT = (
    "event_id", "type", "platform", "level", "logger", "timestamp", "start_timestamp", "release",
    "environment", "transaction", "transaction_info", "exception", "spans", "sdk", "tags", "contexts",
    "logentry", "extra", "fingerprint",
)  # fmt: skip
"""https://develop.sentry.dev/sdk/foundations/transport/event-payloads/"""
CONTEXTS = ("trace", "runtime")
SAMPLING = "dynamic_sampling_context"
"""Release, environment, route and the project's key, which the envelope's head has to carry as it is."""
FRAME = (
    "filename", "module", "function", "lineno", "in_app", "pre_context", "context_line", "post_context"
)  # fmt: skip
NOT_FOR_OTHERS = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"
    r"|(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])",
    re.IGNORECASE,
)
"""Addresses of mail and of machines."""


def start(env: Env) -> None:
    """Tell errors from now on, in this process and in those that it forks."""
    assert env.sentry_dsn is not None  # noqa: S101  # the configuration was checked
    sentry_sdk.init(
        dsn=env.sentry_dsn.get_secret_value(),
        environment=env.sentry_environment,
        release=env.sentry_release or f"ghost@{VERSION}",
        sample_rate=env.sentry_sample_rate,
        traces_sample_rate=env.sentry_traces_sample_rate or None,
        before_send=reduced,  # type: ignore[arg-type]  # its events are typed dictionaries
        before_send_transaction=reduced,  # type: ignore[arg-type]  # as above
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=_integrations(env),
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        server_name="",
        auto_session_tracking=False,
        trace_propagation_targets=[],
        spotlight=False,
    )


def _integrations(env: Env) -> list[Integration]:
    """What is caught: lines of the log at ERROR with their tracebacks, and what ends a command."""
    found: list[Integration] = [
        LoggingIntegration(level=None, event_level=logging.ERROR),
        ExcepthookIntegration(),
        DedupeIntegration(),
        AtexitIntegration(callback=lambda _pending, _timeout: None),  # it would print
    ]
    if env.sentry_traces_sample_rate:
        found.append(DjangoIntegration(middleware_spans=False, signals_spans=False))
    return found


def reduced(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
    """What of an event leaves."""
    kept = {name: event[name] for name in SENT if name in event}
    kept["tags"] = {name: value for name, value in context.current().ids.items() if value}
    kept["contexts"] = {n: v for n, v in (event.get("contexts") or {}).items() if n in CONTEXTS}
    kept["extra"] = {}
    record = hint.get("log_record")
    if isinstance(record, logging.LogRecord):
        kept["logentry"] = {"message": str(record.msg), "formatted": lines.message(record)}
        kept["extra"] = lines.details(record)
    if "exception" in kept:
        kept["exception"] = {"values": [_error(each) for each in _values(kept["exception"])]}
    kept["spans"] = [_span(each) for each in event.get("spans") or ()]
    cleaned: dict[str, Any] = _each_text(kept, _clean)
    if sampling := kept["contexts"].get("trace", {}).get(SAMPLING):
        cleaned["contexts"]["trace"][SAMPLING] = sampling
    return cleaned


def _values(exception: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # Sentry's
    found: list[dict[str, Any]] = exception["values"] if isinstance(exception, dict) else exception
    return found


def _error(error: dict[str, Any]) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames") or []
    shown = [{name: frame[name] for name in FRAME if name in frame} for frame in frames]
    names = ("type", "value", "module", "mechanism")
    return {name: error.get(name) for name in names} | {"stacktrace": {"frames": shown}}


def _span(span: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in span.items() if name not in ("data", "tags")}


def _clean(text: str) -> str:
    return NOT_FOR_OTHERS.sub("…", lines.clean(text))


def _each_text(value: Any, clean: Callable[[str], str]) -> Any:  # noqa: ANN401  # plain values
    """A plain value with each text in it cleaned."""
    match value:
        case str():
            return clean(value)
        case dict():
            return {name: _each_text(each, clean) for name, each in value.items()}
        case list() | tuple():
            return [_each_text(each, clean) for each in value]
    return value
