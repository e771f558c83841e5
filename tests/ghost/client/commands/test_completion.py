"""Completion: a real bash asks, the command answers without the server."""

import subprocess

import pytest

from ghost.client import profiles
from ghost.client.commands import completion
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


def test_commands_options_and_values_are_offered(ghost):
    profiles.add("home", "https://ghost.example", "token")

    def offered(*words):
        return ghost("__complete", *words)[1].split()

    assert offered("cat") == ["categories"]
    assert offered("publish", "--wait") == ["--wait", "--wait-public"]
    assert offered("categories", "") == ["add"]
    assert offered("status", "--profile", "h") == ["home"]
    assert offered("completion", "") == ["bash", "fish", "zsh"]
    assert offered("no-command", "") == offered("publish", "--category", "") == []


def test_categories_are_those_that_were_read_last(ghost):
    make.category("Short", parent=make.category("Films"))
    ghost("categories")

    assert ghost("__complete", "list", "--category", "films/")[1] == "films/short\n"


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_ask_the_same(ghost, shell):
    assert "ghost __complete" in ghost("completion", shell)[1]


def test_bash_completes(packed_client, tmp_path):
    script = (
        f'PATH="{packed_client.parent}:$PATH"\n{completion.SCRIPTS["bash"]}'
        'COMP_WORDS=(ghost publish --wa); COMP_CWORD=2; _ghost; echo "${COMPREPLY[@]}"'
    )

    said = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)

    assert said.stdout == "--wait --wait-public\n"
