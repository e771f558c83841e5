"""Webhooks: a message posted as JSON, signed so that who gets it knows that it is ours, and of now.

`X-Ghost-Signature` is `sha256=` and the HMAC-SHA-256 (RFC 2104), in hex, of the timestamp, a point and the
body, under GHOST_ALERT_WEBHOOK_SECRET. `X-Ghost-Delivery` stays the same when it is sent again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time

from django.conf import settings

from ghost.core.io import fetch
from ghost.operations.channels.message import Message

TIMEOUT_S = 10.0


def send(address: str, message: Message) -> None:
    """Post it; what `fetch.post` raises, AnsweredError for an answer that is no success."""
    body = json.dumps(
        {"id": message.key, "title": message.subject, "text": message.text, **message.data},
        ensure_ascii=False,
    ).encode()
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-Ghost-Delivery": message.key,
        "X-Ghost-Timestamp": timestamp,
        "X-Ghost-Signature": signature(timestamp, body),
    }
    fetch.post(address, body, headers=headers, timeout_s=TIMEOUT_S)


def signature(timestamp: str, body: bytes) -> str:
    """What a receiver compares with the header, and computes from timestamp and body."""
    secret = settings.GHOST.alert_webhook_secret
    key = secret.get_secret_value().encode() if secret else b""
    made = hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={made.hexdigest()}"
