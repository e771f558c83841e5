"""What is logged."""

from ghost.core.config import env


def test_level_may_be_written_in_small_letters(monkeypatch):
    monkeypatch.setenv("GHOST_API_LOG_LEVEL", "debug")

    assert env.load().api_log_level == "DEBUG"
