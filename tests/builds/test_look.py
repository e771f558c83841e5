from __future__ import annotations

import pytest

from builds import look
from builds.models import Build
from tests import make


def test_another_title_is_another_look(configure):
    before = look.look()
    configure(site_title="Other")

    assert look.look() != before


@pytest.mark.django_db
def test_other_code_builds_everything_anew(build, monkeypatch):
    make.resource()
    build()
    build()
    assert not Build.objects.first().is_full

    monkeypatch.setattr(look, "_code", lambda: "of the next version")
    build()

    assert Build.objects.first().is_full
