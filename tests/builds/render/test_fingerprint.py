from __future__ import annotations

import pytest

from builds.models import Build
from builds.render import fingerprint
from tests import make
from tests.presence import present


def test_another_title_is_another_look(configure):
    before = fingerprint.current()
    configure(site_title="Other")

    assert fingerprint.current() != before


@pytest.mark.django_db
def test_other_code_builds_everything_anew(build, monkeypatch):
    make.resource()
    build()
    build()
    assert not present(Build.objects.first()).is_full

    monkeypatch.setattr(fingerprint, "_code", lambda: "of the next version")
    build()

    assert present(Build.objects.first()).is_full
