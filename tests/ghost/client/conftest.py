"""A publisher, the way to a server that fails as it is told, and the command."""

from typing import Any

import pytest

from ghost.client.command_line import main
from tests import make
from tests.packed_client import packed_client  # noqa: F401  # a fixture
from tests.proxy import Proxy


@pytest.fixture
def token():
    return make.publisher()


@pytest.fixture
def proxy(live_server, settings):
    settings.PROBER = "tests.resources.prober.FakeProber"
    with Proxy(live_server.url) as between:
        yield between


@pytest.fixture
def variables(proxy, token, tmp_path):
    return {
        "GHOST_URL": proxy.url,
        "GHOST_TOKEN": token.raw,
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }


@pytest.fixture
def ghost(variables, capsys, monkeypatch):
    """`ghost("list", "--json")`: exit status, standard output, standard error."""
    for name in ("GHOST_TOKEN", "GHOST_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def run(*arguments):
        capsys.readouterr()
        status: Any
        try:
            status = main([str(a) for a in arguments])
        except SystemExit as end:
            status = end.code
        written = capsys.readouterr()
        return status, written.out, written.err

    return run


@pytest.fixture
def category():
    return make.category("Films")


@pytest.fixture
def token_file(variables, token, tmp_path):
    """The token in its file, not in the environment."""
    del variables["GHOST_TOKEN"]
    path = tmp_path / "ghost" / "token"
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_text(token.raw + "\n")
    return path
