import logging

import pytest
from gunicorn.config import Config

from ghost.core.server.server_log import ServerLog
from ghost.core.text.log_lines import LineFormatter


def formatter_of(log):
    """Of the one handler that gunicorn gave it."""
    (handler,) = (each for each in log.handlers if getattr(each, "_gunicorn", False))
    return handler.formatter


@pytest.fixture
def server_log():
    config = Config()
    config.set("accesslog", "-")
    made = ServerLog(config)
    yield made
    for log in (made.error_log, made.access_log):
        log.handlers[:] = [each for each in log.handlers if not hasattr(each, "_gunicorn")]


def test_the_servers_own_lines_have_our_form(server_log):
    assert isinstance(formatter_of(server_log.error_log), LineFormatter)


def test_an_access_log_that_is_switched_on_keeps_its_own(server_log):
    assert type(formatter_of(server_log.access_log)) is logging.Formatter
