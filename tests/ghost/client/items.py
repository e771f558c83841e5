"""Items for `ghost bulk`, and what was sent of them."""

import json

from tests import make


def lines(path, *items):
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    return path


def item(number, **kwargs):
    return {"title": f"Item {number}", "magnet_uri": make.magnet(), "category": "films"} | kwargs


def keys(proxy, path):
    return [headers.get("Idempotency-Key") for _m, at, headers in proxy.seen if at.startswith(path)]
