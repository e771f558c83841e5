"""How many requests a token may make in a minute."""

import time
from typing import Any

import pytest
from django.utils import translation

from ghost.core.http.limits import rate_limit
from ghost.core.http.limits.rate_limit import TooManyError, Usage
from tests import make
from tests.threads import together

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted(monkeypatch):
    monkeypatch.setattr(rate_limit, "_counts", {})


@pytest.fixture
def at(monkeypatch):
    """Sets the time of day, in seconds since 1970."""

    def set_to(seconds):
        monkeypatch.setattr(time, "time", lambda: seconds)

    set_to(600_000.0)
    return set_to


def allowed(caller, limit, tries):
    count = 0
    for _ in range(tries):
        try:
            rate_limit.take(caller, limit)
            count += 1
        except TooManyError:
            pass
    return count


@pytest.mark.parametrize("limit", [1, 10, 100, 1000])
def test_one_process_keeps_the_limit_exactly(at, limit):
    assert allowed("a", limit, limit + 50) == limit


def test_the_next_minute_is_a_new_one(at):
    allowed("a", 5, 9)
    with pytest.raises(TooManyError) as refused:
        rate_limit.take("a", 5)

    at(600_000.0 + refused.value.wait_s)

    assert allowed("a", 5, 9) == 5


def test_callers_do_not_count_for_each_other(at):
    allowed("a", 5, 9)

    assert allowed("b", 5, 9) == 5


def test_no_limit_counts_nothing(at):
    assert allowed("a", 0, 500) == 500
    assert Usage.objects.count() == 0


def test_processes_share_a_limit_but_for_a_few(at, monkeypatch):
    """Each has its own memory; what they settle is in the database."""
    memories: list[dict[Any, Any]] = [{}, {}, {}]
    count = 0

    for number in range(900):
        monkeypatch.setattr(rate_limit, "_counts", memories[number % 3])
        count += allowed("a", 300, 1)

    assert 300 <= count <= 300 * (1 + 3 * rate_limit.SHARE)


def test_few_requests_write_nothing(at):
    allowed("a", 1200, 20)

    assert Usage.objects.count() == 0


def test_old_minutes_are_dropped(at):
    allowed("a", 10, 10)
    at(600_000.0 + 300)

    assert rate_limit.past().count() == 1


def test_a_token_beyond_its_limit_is_told_when_to_come_again(client, configure):
    configure(api_rate_limit=3)
    token = make.publisher()

    answers = [client.get("/api/build/status", **make.auth(token)) for _ in range(4)]

    assert [r.status_code for r in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    assert answers[3].headers["Content-Type"] == "application/problem+json"
    assert client.get("/api/build/status", **make.auth(make.publisher())).status_code == 200


def test_threads_keep_the_limit(at, file_database):
    counts = together(*[lambda: allowed("a", 100, 60)] * 4)

    assert sum(counts) == 100


def test_who_asks_too_often_reads_it_in_their_language(at):
    rate_limit.take("a", 1)

    with translation.override("zh-hans"), pytest.raises(TooManyError) as refused:
        rate_limit.take("a", 1)

    assert str(refused.value) == "一分钟内的请求超过 1 次。"


@pytest.mark.parametrize(("second", "wait_s"), [(0.0, 60), (0.4, 60), (59.2, 1), (59.6, 1)])
def test_whoever_waits_as_long_as_told_is_in_the_next_minute(at, second, wait_s):
    at(600_000.0 + second)
    allowed("a", 1, 1)

    with pytest.raises(TooManyError) as refused:
        rate_limit.take("a", 1)

    assert refused.value.wait_s == wait_s


def test_every_answer_tells_the_limit_and_what_is_left(client, configure, at):
    configure(api_rate_limit=3)
    at(600_018.0)
    token = make.publisher()
    paths = ["/api/build/status", "/api/resources/9", "/api/teams", "/api/teams"]

    answers = [client.get(path, **make.auth(token)) for path in paths]

    assert [r.status_code for r in answers] == [200, 404, 200, 429]
    assert {r.headers["RateLimit-Policy"] for r in answers} == {'"default";q=3;w=60'}
    left = [2, 1, 0, 0]
    assert [r.headers["RateLimit"] for r in answers] == [f'"default";r={n};t=42' for n in left]
    assert answers[3].headers["Retry-After"] == "42"


def test_what_other_processes_have_settled_is_no_longer_left(at, monkeypatch):
    memories: list[dict[Any, Any]] = [{}, {}]
    for number in range(40):
        monkeypatch.setattr(rate_limit, "_counts", memories[number % 2])
        rate_limit.take("a", 100)

    assert 60 <= rate_limit.left("a", 100) <= 60 + 100 * rate_limit.SHARE


def test_without_a_limit_nothing_is_told(client, configure):
    configure(api_rate_limit=0)

    response = client.get("/api/teams", **make.auth(make.publisher()))

    assert "RateLimit" not in response.headers
