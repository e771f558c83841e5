"""Who is told, and by which ways."""

import pytest

from ghost.core.config import env

SECRET = "sixteen or more characters"


@pytest.fixture
def given(monkeypatch):
    """`given(alert_urls=…)`: the configuration with these variables."""

    def load(**variables: str) -> env.Env:
        for name, value in variables.items():
            monkeypatch.setenv(f"GHOST_{name.upper()}", value)
        return env.load()

    return load


def test_addresses_are_parted_by_commas_and_spaces_and_may_have_commas_in_them(given):
    found = given(
        alert_webhooks="https://a.example/x?to=1,2, http://b.example/",
        alert_webhook_secret=SECRET,
        alert_urls="ntfy://topic tgram://token/chat",
    )

    assert found.webhook_addresses == ["https://a.example/x?to=1,2", "http://b.example/"]
    assert found.apprise_addresses == ["ntfy://topic", "tgram://token/chat"]


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"alert_webhooks": "https://hidden.example"}, "ALERT_WEBHOOK_SECRET: must have 16"),
        ({"alert_webhook_secret": "hidden"}, "ALERT_WEBHOOK_SECRET: must have 16"),
        ({"alert_webhooks": "ftp://hidden"}, "ALERT_WEBHOOKS: must begin with http"),
        ({"alert_webhooks": "https://[hidden"}, "ALERT_WEBHOOKS: must begin with http"),
        ({"deadman_url": "hidden"}, "DEADMAN_URL: must begin with http"),
        ({"alert_urls": "hidden"}, "ALERT_URLS: must be addresses of apprise"),
        ({"alert_recipients": "nobody"}, "ALERT_RECIPIENTS: 'nobody' is no mail address"),
    ],
)
def test_what_can_not_be_right_is_told_without_the_secret(given, variables, told):
    with pytest.raises(env.ConfigError, match=told) as caught:
        given(**variables)

    assert "hidden" not in str(caught.value)


def test_nobody_may_be_told_by_mail(given):
    assert given(alert_recipients="none").alert_recipients == ("none",)
