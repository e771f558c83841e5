"""Another host by the real rsync."""

from __future__ import annotations

import os
import shutil

import pytest

from builds.deploy.rsync import Rsync
from builds.deploy.target import Site
from ghost.core.errors import OutageError
from tests.builds.deployments import send

needs_rsync = pytest.mark.skipif(
    shutil.which("rsync") is None and os.environ.get("CI") != "true", reason="rsync is missing"
)


@needs_rsync
def test_a_host_that_is_not_there_is_an_outage(public):
    with pytest.raises(OutageError, match="rsync failed"):
        send(Rsync("rsync://127.0.0.1:9/site", 10), Site(public))


@needs_rsync
def test_rsync_that_hangs_ends_on_time(public, tmp_path, monkeypatch):
    (tmp_path / "ssh").write_text("#!/bin/sh\nsleep 30\n")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    with pytest.raises(OutageError, match="stopped after"):
        send(Rsync("host.example:/srv/site", 0.5), Site(public))
