"""Every secret of the configuration, and whatever looks like one."""

from __future__ import annotations

import json
import logging
import sys
import time

import pytest
from pydantic import SecretStr

from ghost.core.config import env
from ghost.core.config.values import is_secret, may_hold_password
from ghost.core.logs import context, masking
from ghost.core.logs.lines import FORMATTERS, AccessFormatter
from teams import credentials

SECRETS = [name for name, field in env.Env.model_fields.items() if is_secret(field)]
ADDRESSES = [name for name, field in env.Env.model_fields.items() if may_hold_password(field)]
LOGGERS = ("ghost.core.jobs", "gunicorn.error", "django-q", "django.request")


@pytest.fixture(autouse=True)
def own_knowledge(monkeypatch):
    monkeypatch.setattr(masking, "_known", ())


def value_of(name: str) -> object:
    """A secret for this variable, in the type that it has."""
    secret = f"zq\"{name}'\\ü 1%"
    annotation = str(env.Env.model_fields[name].annotation)
    return (SecretStr(secret),) if "tuple" in annotation.lower() else SecretStr(secret)


def lines_about(words: str) -> list[str]:
    """What each part of the program writes of it, as words and in a traceback, in both forms."""
    try:
        raise ValueError(f"refused: {words!r}, {json.dumps(words)}")
    except ValueError:
        error = sys.exc_info()
    records = [
        logging.LogRecord(name, logging.ERROR, "", 1, "of %s: %r", (words, [words]), error)
        for name in LOGGERS
    ]
    made = [formatter() for formatter in FORMATTERS.values()] + [AccessFormatter()]
    return [formatter.format(record) for record in records for formatter in made]


@pytest.mark.parametrize("name", SECRETS)
def test_the_value_of_a_secret_variable_is_in_no_line(configure, name):
    given = configure(**{name: value_of(name)})
    masking.learn(masking.secrets_of(given))

    assert [line for line in lines_about(f"zq\"{name}'\\ü 1%") if f"{name}'" in line] == []
    assert [line for line in lines_about(f"zq\"{name}'\\ü 1%") if "zq" in line] == []


@pytest.mark.parametrize("name", ADDRESSES)
def test_the_password_of_an_address_is_in_no_line_even_alone(configure, name):
    given = configure(**{name: "postgresql://ada:zq%20pa55%2Fw@127.0.0.1:1/x?password=zqsecond"})
    masking.learn(masking.secrets_of(given))

    for shown in ("zq pa55/w", "zq%20pa55%2Fw", "zqsecond", getattr(given, name)):
        assert [line for line in lines_about(f"told {shown} of") if "zq" in line] == []


def test_the_path_of_an_address_that_is_a_secret_is_masked_as_errors_tell_it(configure):
    address = "https://hooks.example.org/services/T0/zqB0zqsecret"
    masking.learn(masking.secrets_of(configure(sentry_dsn=SecretStr(address))))

    assert "zqsecret" not in masking.mask(
        "HTTPSConnectionPool(host='hooks.example.org', port=443): Max retries exceeded with url: "
        "/services/T0/zqB0zqsecret"
    )


def test_what_the_environment_has_for_other_programs_is_masked(configure, monkeypatch):
    for name in ("PGPASSWORD", "RSYNC_PASSWORD", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, f"zq{name}")
    masking.learn(masking.secrets_of(configure()))

    told = masking.mask("zqPGPASSWORD zqRSYNC_PASSWORD zqAWS_SECRET_ACCESS_KEY")
    assert told == "… … …"


def test_the_keys_that_were_made_at_the_first_start_are_known(settings):
    from importlib import reload

    from ghost import settings as ours

    reload(ours)

    for key in (ours.SECRET_KEY, ours.TOKEN_PEPPER):
        assert masking.mask(f"signed with {key}") == "signed with …"


def test_what_a_request_brings_is_masked_in_its_lines_alone(rf):
    from ghost.core.http.request.request_id import RequestIdMiddleware

    said = []
    request = rf.get(
        "/",
        headers={
            "Cookie": "sessionid=0a1b2c3d4e5f6g7h; lang=en",
            "Authorization": "Bearer zqbearer123",
            "X-Ghost-Metrics-Key": "zqmetrics123",
        },
    )

    def answer(_request):
        from django.http import HttpResponse

        said.append(masking.mask("0a1b2c3d4e5f6g7h, zqbearer123, zqmetrics123, en"))
        return HttpResponse()

    RequestIdMiddleware(answer)(request)

    assert said == ["…, …, …, en"]
    context.begin_request("another")
    assert masking.mask("zqbearer123") == "zqbearer123"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("git: https://ada:pa55@example.org/x", "git: https://ada:…@example.org/x"),
        ("git: https://ada:pa@55@example.org/x", "git: https://ada:…@example.org/x"),
        ("git: https://ghp_abc@example.org/x", "git: https://…@example.org/x"),
        ("ssh://git@example.org/x", "ssh://git@example.org/x"),
        ("redis://:pa55@127.0.0.1/0", "redis://:…@127.0.0.1/0"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer …"),
        ("Basic YWRhOnBhNTU=", "Basic …"),
        ("AGE-SECRET-KEY-1QQQQQQQQQ", "AGE-SECRET-KEY-1…"),
        ("AGE-SECRET-KEY-PQ-1QQQQQQQQQ", "AGE-SECRET-KEY-PQ-1…"),
        ("AGE-PLUGIN-YUBIKEY-1QQQQQQQQQ", "AGE-PLUGIN-YUBIKEY-1…"),
        ("age1qqqqqqqqqqqqq", "age1qqqqqqqqqqqqq"),
        (
            "x -----BEGIN OPENSSH PRIVATE KEY-----\nb3B\n-----END OPENSSH PRIVATE KEY----- y",
            "x … y",
        ),
        ("-----BEGIN PRIVATE KEY-----\nb3B", "…"),
        ("https://example.org:8000/a@b", "https://example.org:8000/a@b"),
        ("Cookie: sessionid=abc; csrftoken=def", "Cookie: …"),
        ("{'Set-Cookie': 'a=b'}", "{'Set-Cookie': '…'}"),
        ("__Host-sessionid=abcdef12", "__Host-sessionid=…"),
        ("GET /api/torznab?t=search&apikey=abc12345&q=x", "GET /api/torznab?t=search&apikey=…&q=x"),
        ("password=hunter22, user=ada", "password=…, user=ada"),
        ("X-Ghost-Metrics-Key: abc", "X-Ghost-Metrics-Key: …"),
        ("ghp_0123456789abcdefABCD", "ghp_…"),
        ("{'password': 'zq pa55'}", "{'password': '…'}"),
        (r"{\"client_secret\": \"zq\"}", r"{\"client_secret\": \"…\"}"),
        ("{'token': b'zq'}", "{'token': b'…'}"),
        ("password: zq", "password: …"),
        ("user: ada password: zq host: x", "user: ada password: … host: x"),
        ("client_secret=zq new_password1=zq", "client_secret=… new_password1=…"),
        ("PGPASSWORD=zq psql", "PGPASSWORD=… psql"),
        ("aws_access_key_id = AKIAZQ", "aws_access_key_id = …"),
        ("dbname=x password='zq pa\\'55' host=y", "dbname=x password='…' host=y"),
        ("next=%2Fx%3Ftoken%3Dzq", "next=%2Fx%3Ftoken%3D…"),
        ("next=%2Fx%253Fkey%253Dzqzq", "next=%2Fx%253Fkey%253D…"),
        ("Bearer\tzq345678", "Bearer …"),
        ("Authorization: Bearer\tzq", "Authorization: Bearer\t…"),
        ("redis://:zq/pa55@127.0.0.1/0", "redis://:…@127.0.0.1/0"),
        ("redis://ada:zq/pa@55@127.0.0.1/0", "redis://ada:…@127.0.0.1/0"),
        ("https://zqtoken:x-oauth-basic@example.org/x", "https://…@example.org/x"),
        ("https://zqtoken:@example.org/x", "https://…@example.org/x"),
        ("http://[::1]:8000/a@b", "http://[::1]:8000/a@b"),
        ("GHOST_METRICS_TOKEN: is too short", "GHOST_METRICS_TOKEN: is too short"),
        ("the key is missing; token 7 was sent", "the key is missing; token 7 was sent"),
    ],
)
def test_credentials_are_masked(words, shown):
    assert masking.mask(words) == shown


def test_a_raw_token_keeps_what_is_shown_of_it_anyway():
    raw = credentials.make()

    assert masking.mask(f"token {raw} x") == f"token {raw[: credentials.SHOWN]}… x"


def test_short_words_stay_readable(configure):
    masking.learn(["ghost", ""])

    assert masking.mask("ghost works") == "ghost works"


@pytest.mark.parametrize(
    "piece",
    ["age-plugin-", "://a:", "https://a", "-----BEGIN ", "password", "password='", "token%25", "bearer ",
     "cookie", "authorization  ", "GHOST_TOKEN", "sk-", "a1"],
)  # fmt: skip
def test_masking_takes_time_in_proportion_to_the_length(piece):
    def cpu_s(count: int) -> float:
        began = time.process_time()
        masking.mask(piece * count)
        return time.process_time() - began

    short, long = (min(cpu_s(count) for _ in range(3)) for count in (1_000, 8_000))

    assert long < 24 * short + 0.01  # eight times the length; with its square it would be 64


def test_what_is_cut_shows_no_half_of_a_secret():
    masking.learn(["zq" * 20])
    for at in range(960, 1001):
        words = "." * at + "zq" * 20 + "." * 20_000 + "zq" * 20 + "." * at
        assert "z" not in masking.excerpt(words, 2_000), at
        assert "q" not in masking.excerpt(words, 2_000), at


def test_of_a_long_text_only_what_is_shown_is_looked_through(monkeypatch):
    seen = []
    monkeypatch.setattr(masking, "mask", lambda words: seen.append(len(words)) or words)

    masking.excerpt("a" * 5_000_000, 20_000)

    assert sum(seen) == 20_000 + 2 * masking.REACH
