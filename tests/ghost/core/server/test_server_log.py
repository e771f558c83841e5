import logging

import pytest
from gunicorn.config import Config

from ghost.core.logs.lines import AccessFormatter, JsonFormatter, TextFormatter
from ghost.core.server.server_log import ServerLog


def formatter_of(log):
    """Of the one handler that gunicorn gave it."""
    (handler,) = (each for each in log.handlers if getattr(each, "_gunicorn", False))
    return handler.formatter


@pytest.fixture
def make_log():
    root = logging.getLogger()
    before, level, made = root.handlers[:], root.level, []

    def make(**options):
        config = Config()
        for name, value in options.items():
            config.set(name, value)
        made.append(ServerLog(config))
        return made[-1]

    yield make
    for log in made:
        for each in (log.error_log, log.access_log):
            for handler in [h for h in each.handlers if hasattr(h, "_gunicorn")]:
                each.removeHandler(handler)
                handler.close()
            each.propagate = True
    root.handlers[:] = before
    root.setLevel(level)


def test_the_servers_own_lines_go_where_all_lines_go(make_log):
    log = make_log()

    assert log.error_log.propagate
    assert [type(each.formatter) for each in logging.getLogger().handlers] == [TextFormatter]
    assert not [each for each in log.error_log.handlers if hasattr(each, "_gunicorn")]


def test_they_are_json_if_all_lines_are(make_log, monkeypatch):
    monkeypatch.setenv("GHOST_LOG_FORMAT", "json")

    make_log()

    assert [type(each.formatter) for each in logging.getLogger().handlers] == [JsonFormatter]


def test_a_file_of_its_own_has_our_form(make_log, tmp_path):
    log = make_log(errorlog=str(tmp_path / "errors"))

    assert isinstance(formatter_of(log.error_log), TextFormatter)
    assert not log.error_log.propagate


def test_an_access_log_that_is_switched_on_keeps_its_form_without_credentials(make_log):
    log = make_log(accesslog="-")

    formatter = formatter_of(log.access_log)
    record = logging.LogRecord("x", 20, "", 1, "GET /x?apikey=zqsecret123 HTTP/1.1", (), None)
    assert isinstance(formatter, AccessFormatter)
    assert formatter.format(record) == "GET /x?apikey=… HTTP/1.1"
