"""The command as a whole: in one file, on any Python, beside the server."""

import ast
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ghost.client import command_line, transport
from ghost.core.config.env import BASE_DIR
from tests.packed_client import pack

SOURCE = BASE_DIR / "ghost" / "client"
VERSION = f"ghost-client {transport.VERSION}\n"


def test_the_file_holds_the_whole_client(packed_client):
    names = [f"ghost_client/{p.relative_to(SOURCE).as_posix()}" for p in SOURCE.rglob("*.py")]

    with zipfile.ZipFile(packed_client) as archive:
        packed = archive.namelist()

    assert packed == ["__main__.py", *sorted(names)]


def test_the_file_is_the_same_whenever_it_is_made(packed_client, tmp_path):
    again = pack(tmp_path / "again" / "ghost")

    assert again.read_bytes() == packed_client.read_bytes()
    assert again.stat().st_mode & 0o777 == 0o755


def test_the_file_runs_alone(packed_client, tmp_path):
    env = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    said = subprocess.run(
        [packed_client, "--version"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout == VERSION


def test_the_file_says_what_it_needs(packed_client, tmp_path):
    argv = [sys.executable, "-I", "-S", packed_client, "--version"]  # without installed packages

    said = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.splitlines() == [
        f"ghost: {sys.executable} has no package requests: pip install requests"
    ]


def test_the_file_is_a_library_for_scripts(packed_client, tmp_path):
    script = "from ghost_client import Ghost; print(Ghost('https://ghost.example', 'x').url)"

    said = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(packed_client)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout == "https://ghost.example/api\n"


@pytest.mark.parametrize("file", sorted(SOURCE.rglob("*.py")), ids=lambda file: file.name)
def test_client_needs_python_3_9_and_requests_alone(file):
    tree = ast.parse(file.read_text(), feature_version=(3, 9))

    imported = {
        alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names
    }
    imported |= {
        n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and not n.level
    }
    outside = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names
    assert outside <= {"requests"}


@pytest.mark.skipif(
    not (BASE_DIR / ".venv/bin/ghost").exists() and not os.environ.get("CI"),
    reason="`make setup` has not been run",
)
def test_setup_puts_the_command_where_programs_are(tmp_path):
    (tmp_path / "linked").symlink_to(BASE_DIR / ".venv/bin/ghost")

    said = subprocess.run(
        [tmp_path / "linked", "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert said.stdout == VERSION


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as end:
        command_line.main(["--help"])

    written = capsys.readouterr().out
    assert end.value.code == 0
    assert {c.name for c in command_line.COMMANDS} <= set(written.split())


def test_token_on_its_way_in_the_open_is_warned_of(monkeypatch, capsys):
    monkeypatch.setenv("GHOST_TOKEN", "x")
    monkeypatch.setattr("ghost.client.Ghost.verify", lambda self: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        command_line.main(["status", "--url", "http://ghost.example"])

    assert "Anybody on the way to http://ghost.example/api can read" in capsys.readouterr().err
