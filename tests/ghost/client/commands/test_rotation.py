"""`ghost rotate`, killed and begun anew."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from ghost.client.token_file import TokenFile
from teams.models import Token
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db(transaction=True)


def test_rotate_keeps_the_new_token(token_file, ghost, token):
    status, out, _err = ghost("rotate", "--overlap", "2")

    raw = token_file.read_text().strip()
    assert (status, raw != token.raw) == (0, True)
    assert Token.objects.find_usable(raw) == token
    assert token_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in token_file.parent.iterdir()] == ["token"]
    assert raw not in out
    token.refresh_from_db()
    left = token.old_hash_until - timezone.now()
    assert timedelta(hours=1) < left < timedelta(hours=2)


@pytest.mark.parametrize("fault", ["503", "drop", "cut", "half"])
def test_rotate_is_done_once_whatever_the_network_does(token_file, ghost, proxy, token, fault):
    proxy.faults = ["", fault]

    status, _out, err = ghost("rotate")

    assert status == 0, err
    assert Token.objects.find_usable(token_file.read_text().strip()) == token


def test_rotate_that_was_killed_goes_on_where_it_was(
    packed_client, token_file, ghost, proxy, token, variables
):
    command = [sys.executable, packed_client, "rotate"]
    env = {name: v for name, v in os.environ.items() if name != "GHOST_TOKEN"} | variables
    proxy.faults = ["", "hang"]

    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as one:
        assert proxy.is_hanging.wait(30)
        one.send_signal(signal.SIGKILL)
    assert token_file.read_text().strip() == token.raw
    status, _out, err = ghost("rotate")

    assert status == 0, err
    raw = token_file.read_text().strip()
    found = present(Token.objects.find_usable(raw))
    assert (found, found.is_former) == (token, False)
    assert [path.name for path in token_file.parent.iterdir()] == ["token"]


def test_rotate_that_was_killed_at_its_end_is_finished(token_file, ghost, token, monkeypatch):
    with monkeypatch.context() as cut:
        cut.setattr(TokenFile, "finish", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ghost("rotate")
    kept = token_file.read_text()

    status, _out, err = ghost("rotate")

    assert (status, token_file.read_text()) == (0, kept), err


def test_rotate_writes_over_no_other_token(token_file, ghost, token, monkeypatch):
    other = make.publisher(name="Other")
    monkeypatch.setenv("GHOST_TOKEN", other.raw)

    status, _out, err = ghost("rotate")

    assert (status, "another token" in err) == (2, True)
    assert token_file.read_text().strip() == token.raw
    other.refresh_from_db()
    assert other.old_hash is None
