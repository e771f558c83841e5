"""manage.py doctor."""

from __future__ import annotations

import json
import os
import sys

import pytest
from django.core.management import CommandError, call_command
from django.core.management.color import color_style

import manage
from builds.models import BuildState
from ghost.core.text.reasons import words
from ghost.operations.start import startup

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def prepared(configure, monkeypatch, tmp_path):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    configure(secrets_dir=tmp_path / "secrets", mfa_required_groups=("*",))
    startup.put_right()


def fail_build() -> None:
    BuildState.get()
    BuildState.objects.update(last_error=words("hugo: exit 1"))


def test_it_has_a_line_for_each_check_and_no_colour_where_no_terminal_is(capsys):
    call_command("doctor")

    told = capsys.readouterr().out
    assert told.splitlines()[-1] == "Everything is in order."
    begun = [line for line in told.splitlines()[:-1] if not line.startswith("   ")]
    assert all(line.startswith(("ok ", "- ")) for line in begun), told
    assert "\x1b" not in told


def test_it_says_what_to_do_and_fails(capsys):
    fail_build()

    with pytest.raises(CommandError, match=r"1 check\(s\) failed"):
        call_command("doctor")

    lines = capsys.readouterr().out.splitlines()
    (at,) = (i for i, line in enumerate(lines) if line.startswith("FAILED"))
    assert "build" in lines[at]
    assert "hugo: exit 1" in lines[at]
    assert lines[at + 1].strip().startswith("-> Read what the build's steps printed")


def test_what_is_unwise_is_told_and_is_no_failure(capsys, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    call_command("doctor")

    told = capsys.readouterr().out
    assert "\nwarn    user          Ghost runs as root" in told
    assert "-> Make a user of its own" in told


def test_machines_get_json(capsys):
    fail_build()

    with pytest.raises(CommandError):
        call_command("doctor", "--json")

    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False
    assert told["version"]
    assert all(each["seconds"] >= 0 for each in told["checks"])
    assert [each["name"] for each in told["checks"] if each["outcome"] == "failed"] == ["build"]


@pytest.mark.parametrize(
    ("argv", "coloured"), [(["doctor"], False), (["doctor", "--force-color"], True)]
)
def test_who_wants_no_colours_gets_none(monkeypatch, argv, coloured):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("DJANGO_COLORS", raising=False)
    monkeypatch.setattr(sys, "argv", ["manage.py", *argv])
    seen = []

    def look(_argv):
        style = color_style(force_color=True)  # as on a terminal
        seen.append("\x1b" in style.SUCCESS("ok"))

    monkeypatch.setattr("django.core.management.execute_from_command_line", look)
    monkeypatch.setattr("os.environ", dict(os.environ))

    assert manage.main() == 0
    assert seen == [coloured]


def test_it_colours_a_terminal(capsys):
    call_command("doctor", force_color=True)

    assert "\x1b[" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ((), "warn    accounts      no operator is required to have a second factor"),
        (("Operator",), "ok      accounts      a second factor is required of: Operator"),
    ],
)
def test_who_must_have_a_second_factor_is_told(capsys, configure, named, told):
    configure(mfa_required_groups=named)

    call_command("doctor")

    assert told in capsys.readouterr().out


def test_a_group_that_nobody_made_is_named(capsys, configure):
    configure(mfa_required_groups=("Operators",))

    with pytest.raises(CommandError, match=r"1 check\(s\) failed"):
        call_command("doctor")

    assert "there is no group called Operators" in capsys.readouterr().out
    with pytest.raises(CommandError, match="1 problem"):
        call_command("config", "validate")
