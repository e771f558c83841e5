"""Several processes, one file."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys

from ghost.core.logs.rotation import NAME, RotatedFile

WRITER = """
import logging, sys
from pathlib import Path
from ghost.core.logs.rotation import RotatedFile
handler = RotatedFile(Path(sys.argv[1]), max_bytes=20_000, keep=50)
for number in range(300):
    words = f"{sys.argv[2]} {number:04} ".ljust(99, "x")
    handler.handle(logging.LogRecord("x", logging.INFO, "", 1, words, (), None))
"""


def handler_of(folder, **more):
    return RotatedFile(folder, **{"max_bytes": 1000, "keep": 2} | more)


def say(handler, words="x" * 99):
    handler.handle(logging.LogRecord("tests", logging.INFO, "", 1, words, (), None))


def sizes(folder):
    return {path.name: path.stat().st_size for path in folder.iterdir()}


def test_a_full_file_is_put_aside_and_the_oldest_goes(tmp_path):
    handler = handler_of(tmp_path)

    for _ in range(45):
        say(handler)

    assert sizes(tmp_path) == {NAME: 500, f"{NAME}.1": 1000, f"{NAME}.2": 1000}


def test_files_that_are_too_many_since_fewer_are_kept_go(tmp_path):
    for number in (1, 2, 7):
        (tmp_path / f"{NAME}.{number}").write_text("old")
    handler = handler_of(tmp_path, keep=0)

    for _ in range(11):
        say(handler)

    assert sizes(tmp_path) == {NAME: 100}


def test_only_its_owner_reads_it(tmp_path):
    before = os.umask(0)
    try:
        say(handler_of(tmp_path / "a" / "log"))
    finally:
        os.umask(before)

    folder = tmp_path / "a" / "log"
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / NAME)]
    assert modes == [0o700, 0o600]


def test_who_moves_the_file_away_finds_a_new_one(tmp_path):
    handler = handler_of(tmp_path)
    say(handler)
    (tmp_path / NAME).rename(tmp_path / "taken")

    say(handler)

    assert sizes(tmp_path) == {NAME: 100, "taken": 100}


def test_a_folder_that_is_gone_ends_nothing(tmp_path):
    (tmp_path / "file").write_text("")

    say(handler_of(tmp_path / "file" / "log"))

    assert sizes(tmp_path) == {"file": 0}


def test_processes_lose_and_mix_no_lines(tmp_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name]) for name in "abcd"
    ]
    assert [each.wait(60) for each in writers] == [0] * 4

    files = sorted(tmp_path.iterdir())
    lines = [line for path in files for line in path.read_text().splitlines()]
    wanted = {f"{name} {number:04} ".ljust(99, "x") for name in "abcd" for number in range(300)}
    assert len(lines) == 1200
    assert set(lines) == wanted
    # No sizes: while one puts the file aside, the others write on in the full one.
    assert len(files) >= 3
