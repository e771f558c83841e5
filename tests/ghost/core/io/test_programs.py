"""The entry point to other programs, with real ones."""

from __future__ import annotations

import sys
import time

import pytest

from ghost.core.errors import OutageError
from ghost.core.io import programs


def test_run_gives_code_and_words():
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"

    output = programs.run([sys.executable, "-c", code], timeout_s=20)

    assert output.exit_code == 3
    assert sorted(output.text.split()) == ["err", "out"]


def test_run_says_that_a_program_is_missing():
    with pytest.raises(OutageError, match="could not be started"):
        programs.run(["no-such-program-here"], timeout_s=5)


def test_run_ends_the_whole_group_on_time(tmp_path):
    mark = tmp_path / "alive"
    script = f"(while true; do touch {mark}; sleep 0.05; done) & wait"

    with pytest.raises(OutageError, match="stopped after"):
        programs.run(["sh", "-c", script], timeout_s=0.5)

    mark.unlink()
    time.sleep(0.3)
    assert not mark.exists()


def test_run_cuts_long_output_in_the_middle():
    output = programs.run([sys.executable, "-c", "print('a' * 50000 + 'end')"], timeout_s=20)

    assert len(output.text) < programs.OUTPUT_LIMIT_CHARS + 100
    assert output.text.endswith("end\n")


def test_run_leaves_signals_as_a_shell_would():
    # `yes` ends by SIGPIPE; where that is ignored, it complains of a broken pipe.
    assert programs.run(["sh", "-c", "yes | head -n 1"], timeout_s=20).text == "y\n"


def test_run_hands_on_arguments(tmp_path):
    program = tmp_path / "greet"
    program.write_text("#!/bin/sh\necho hello $1\n")
    program.chmod(0o755)

    output = programs.run([program, "you"], timeout_s=20, cwd=tmp_path)

    assert (output.exit_code, output.text) == (0, "hello you\n")


def test_run_feeds_more_than_a_pipe_holds():
    feed = (b"x" * 100_000 for _ in range(20))

    output = programs.run(["wc", "-c"], timeout_s=20, feed=feed)

    assert (output.exit_code, output.text.strip()) == (0, "2000000")


def test_run_raises_what_fails_in_the_feed():
    def feed():
        yield b"some"
        raise FileNotFoundError("gone")

    with pytest.raises(FileNotFoundError, match="gone"):
        programs.run(["cat"], timeout_s=20, feed=feed())


def test_run_bears_a_program_that_does_not_read_its_feed():
    feed = (b"x" * 100_000 for _ in range(1000))

    output = programs.run(["sh", "-c", "exit 3"], timeout_s=20, feed=feed)

    assert output.exit_code == 3


def test_run_stops_a_program_that_is_fed_on_time():
    feed = (b"x" * 100_000 for _ in range(1000))

    with pytest.raises(OutageError, match="stopped after"):
        programs.run(["sleep", "60"], timeout_s=0.5, feed=feed)


def test_run_keeps_long_output_whole_where_it_is_wanted():
    code = "print('a' * 50000 + 'end')"

    output = programs.run([sys.executable, "-c", code], timeout_s=20, limit_chars=100_000)

    assert output.text == "a" * 50_000 + "end\n"
