"""What is logged."""

import pytest

from ghost.core.config import env


def test_level_may_be_written_in_small_letters(monkeypatch):
    monkeypatch.setenv("GHOST_API_LOG_LEVEL", "debug")

    assert env.load().api_log_level == "DEBUG"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"LOG_FORMAT": "xml"}, "GHOST_LOG_FORMAT"),
        ({"LOG_DIR": __file__}, "GHOST_LOG_DIR: must name a folder"),
        ({"LOG_MAX_MB": "0"}, "GHOST_LOG_MAX_MB"),
        ({"SENTRY_ENABLED": "1"}, "GHOST_SENTRY_ENABLED: needs GHOST_SENTRY_DSN"),
        ({"SENTRY_DSN": "https://zqsecret.example.org"}, "GHOST_SENTRY_DSN: must be an address"),
        ({"SENTRY_TRACES_SAMPLE_RATE": "2"}, "GHOST_SENTRY_TRACES_SAMPLE_RATE"),
        ({"SENTRY_RELEASE": "a\nb"}, "GHOST_SENTRY_RELEASE"),
    ],
)
def test_mistakes_are_told(monkeypatch, values, told):
    for name, value in values.items():
        monkeypatch.setenv(f"GHOST_{name}", value)

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    [problem] = caught.value.problems
    assert problem.startswith(told)
    assert "zqsecret" not in problem


def test_reports_go_where_they_are_told_to(monkeypatch):
    monkeypatch.setenv("GHOST_SENTRY_DSN", "http://key@127.0.0.1:9000/sentry/42")
    monkeypatch.setenv("GHOST_SENTRY_ENABLED", "1")

    assert env.load().sentry_enabled
