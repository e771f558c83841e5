import importlib
import os
import subprocess
import sys

import pytest

from ghost.core.config.env import BASE_DIR
from ghost.core.server import options


@pytest.mark.parametrize(
    ("host", "port", "bind"),
    [
        (None, None, "127.0.0.1:8000"),
        ("127.0.0.2", "1234", "127.0.0.2:1234"),
        ("::1", None, "[::1]:8000"),
    ],
)
def test_server_listens_where_the_variables_say(monkeypatch, host, port, bind):
    for name, value in (("HOST", host), ("PORT", port)):
        monkeypatch.delenv(name, raising=False)
        if value:
            monkeypatch.setenv(name, value)

    assert importlib.reload(options).bind == bind


def test_mistake_in_a_variable_is_told_once():
    told = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--config", "python:ghost.core.server.options"],
        cwd=BASE_DIR, env=os.environ | {"PORT": "many", "GHOST_ENV_FILE": os.devnull},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert told.returncode == 1
    assert told.stderr.count("PORT") == 1
    assert "Traceback" not in told.stderr
