"""How Redis is reached, where it is the queue's broker."""

from __future__ import annotations

from urllib.parse import urlsplit

_FORM = (
    "must be redis://user:password@host:6379/0, rediss://… (with TLS) or unix:///path/of/the/socket"
)


def check(address: str) -> None:
    """ValueError, which tells no password, if the address is none that the client takes.

    https://redis.readthedocs.io/en/stable/connections.html#redis.connection.ConnectionPool.from_url
    """
    import redis  # noqa: PLC0415  # 0.1 s that nobody needs without it

    try:
        redis.ConnectionPool.from_url(address).make_connection()  # it does not connect yet
        parts = urlsplit(address)
    except (TypeError, ValueError, redis.RedisError):  # what they say may quote the password
        raise ValueError(_FORM) from None
    number = parts.path.removeprefix("/")
    if parts.scheme != "unix" and number and not number.isdecimal():
        raise ValueError(f"names no database by its number; it {_FORM}")
