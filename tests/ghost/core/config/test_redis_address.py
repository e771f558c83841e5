"""GHOST_REDIS_URL: whatever redis-py takes, told without its password."""

import pytest

from ghost.core.config import env, listing, redis_address

SECRET = "s3cret"


@pytest.mark.parametrize(
    "address",
    ["redis://127.0.0.1", "redis://:pass@redis.example:6380/3", "rediss://u:p@[::1]:6379/0",
     "unix:///run/redis.sock", "unix://:pass@/run/redis.sock?db=2",
     "redis://redis.example/0?health_check_interval=10"],
)  # fmt: skip
def test_what_the_client_takes_is_taken(address):
    redis_address.check(address)


@pytest.mark.parametrize(
    "address",
    ["redis.example:6379", "http://redis.example", f"redis://:{SECRET}@redis.example:99999",
     f"redis://:{SECRET}@redis.example:port", f"redis://:{SECRET}@redis.example/tasks",
     f"redis://:{SECRET}@redis.example?retries=many"],
)  # fmt: skip
def test_what_is_no_address_is_told_without_its_password(monkeypatch, address):
    monkeypatch.setenv("GHOST_REDIS_URL", address)

    with pytest.raises(env.ConfigError) as caught:
        env.load()

    [problem] = caught.value.problems
    assert problem.startswith("GHOST_REDIS_URL: ")
    assert SECRET not in problem


def test_the_password_is_never_shown(monkeypatch):
    monkeypatch.setenv("GHOST_REDIS_URL", f"redis://ada:{SECRET}@redis.example:6379/0")

    shown = {row.name: row.value for row in listing.describe(env.load())}

    assert shown["GHOST_REDIS_URL"] == "redis://***@redis.example:6379/0"
