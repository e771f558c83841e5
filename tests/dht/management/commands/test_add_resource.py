"""`manage.py add_resource`: one resource, and its probe waited for."""

from __future__ import annotations

import json

import pytest
from django.core.management import CommandError, call_command

from ghost.core.heartbeats import workers
from resources.models import Resource
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)
MAGNET = f"magnet:?xt=urn:btih:{'ab' * 20}&dn=Work"


@pytest.fixture
def add(configure, capsys):
    """Run it with probes that are made up; its last line."""
    configure(magnet_metadata_backend="mock")
    make.admin()
    make.category("Films")
    workers.look.suppose(is_alive=False, for_s=60)

    def run(magnet=MAGNET, *options):
        error = ""
        try:
            call_command("add_resource", magnet, "--title", "A", "--category", "Films", *options)
        except CommandError as raised:
            error = str(raised)
        lines = capsys.readouterr().out.splitlines()
        return (json.loads(lines[-1]) if lines else None), error

    yield run
    workers.look.forget()


def test_without_a_worker_it_probes_by_itself(add):
    ada = make.publisher()

    told, error = add(MAGNET, "--publisher", "Ada")

    row = Resource.objects.get()
    assert (error, row.is_public, row.publisher) == ("", True, ada)
    assert (told["id"], told["probe_status"]) == (row.pk, "ok")
    assert row.total_size_bytes
    assert told["total_size_bytes"] == row.total_size_bytes


def test_one_that_nobody_has_is_kept_and_the_exit_status_says_so(add):
    told, error = add(f"magnet:?xt=urn:btih:{'01' * 20}")

    assert told["probe_status"] == "inactive"
    assert error.startswith(f"Resource {told['id']} is in, and not public yet: Made up")


@pytest.mark.parametrize(
    ("magnet", "options", "error"),
    [
        ("magnet:?xt=urn:btih:1", (), "hexadecimal"),
        (MAGNET, ("--category", "none"), "There is no category “none”"),
        (MAGNET, ("--publisher", "Bob"), "There is no publisher “Bob”"),
        (MAGNET, ("--title", ""), "A title is required."),
    ],
)
def test_what_the_api_refuses_is_refused(add, magnet, options, error):
    told, said = add(magnet, *options)

    assert (told["id"], told["error"], Resource.objects.count()) == (None, said, 0)
    assert error in said
