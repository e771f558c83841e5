"""The container's health check: exit status 0 if the web server in it is ready. Asks by a name that it answers to."""

import os
import urllib.request

port = os.environ.get("PORT", "8000")
names = os.environ.get("GHOST_ALLOWED_HOSTS", "").replace("*", "").split(",")
name = names[0].strip().lstrip(".") or "localhost"
asked = urllib.request.Request(f"http://127.0.0.1:{port}/ready", headers={"Host": name})
urllib.request.urlopen(asked, timeout=8).close()  # noqa: S310  # an address of ours
