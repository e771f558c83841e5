"""Where the endpoints of resources and categories are put: one router for each, since methods of one address
belong together."""

from __future__ import annotations

from ninja import Router

resources = Router(tags=["resources"])
categories = Router(tags=["categories"])
