"""The client of openapi-python-client: makes, pages through, patches; tells what came of it as JSON."""

from __future__ import annotations

import json
import os
import re
import sys

from made_client import AuthenticatedClient  # type: ignore[import-not-found]  # made by the test
from made_client.api.resources import (  # type: ignore[import-not-found]  # as above
    resource_create,
    resource_list,
    resource_patch,
    resource_read,
)
from made_client.models.resource_change import ResourceChange  # type: ignore[import-not-found]  # as above
from made_client.models.resource_in import ResourceIn  # type: ignore[import-not-found]  # as above

ghost = AuthenticatedClient(base_url=os.environ["GHOST_URL"], token=os.environ["GHOST_TOKEN"])
made = resource_create.sync(
    client=ghost,
    body=ResourceIn(
        title="Made",
        magnet_uri=os.environ["GHOST_MAGNET"],
        category_id=int(os.environ["GHOST_CATEGORY"]),
    ),
)
ids, cursor = [], None
while True:
    page = resource_list.sync_detailed(client=ghost, limit=2, cursor=cursor)
    ids += [row.id for row in page.parsed]
    found = re.search(r"[?&]cursor=(\d+)", page.headers.get("link", ""))
    if not found:
        break
    cursor = int(found[1])
patched = resource_patch.sync(
    made.id, client=ghost, body=ResourceChange(title="Patched", published_at=None)
)
refused = resource_read.sync(999_999_999, client=ghost)
told = {"ids": ids, "id": patched.id, "title": patched.title, "published_at": patched.published_at}
json.dump(told | {"refused": refused.status}, sys.stdout)
