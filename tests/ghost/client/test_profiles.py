"""Profiles: in a file that nobody else can read, never on the command line."""

import io
import json
import stat

import pytest

from ghost.client import SetupError, profiles

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def typed(monkeypatch):
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_a_profile_is_kept_used_listed_and_forgotten(
    ghost, variables, proxy, token, typed, tmp_path
):
    del variables["GHOST_URL"], variables["GHOST_TOKEN"]
    typed(token.raw + "\n")

    added = ghost("profiles", "add", "home", "--url", proxy.url)
    _status, plain, _err = ghost("profiles")
    status, out, _err = ghost("status", "--profile", "home", "--json")

    path = tmp_path / "ghost" / "profiles.json"
    assert (added[0], stat.S_IMODE(path.stat().st_mode)) == (0, 0o600)
    assert token.raw not in added[1] + added[2] + plain
    assert plain == f"home\t{proxy.url}\n"
    assert (status, json.loads(out)["session"]["display_name"]) == (0, token.display_name)
    assert ghost("profiles", "remove", "home")[0] == 0
    assert (ghost("profiles")[1], token.raw in path.read_text()) == ("", False)


def test_a_profile_that_others_may_read_is_refused(ghost, typed, tmp_path):
    typed("x\n")
    ghost("profiles", "add", "home", "--url", "https://ghost.example")
    (tmp_path / "ghost" / "profiles.json").chmod(0o640)

    status, _out, err = ghost("status", "--profile", "home")

    assert (status, "chmod 600" in err) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("status", "--profile", "none"), "ghost profiles add none"),
        (("status", "--profile", "x", "--url", "https://ghost.example"), "not both"),
        (("profiles", "add", "home"), "--url https://ghost.example"),
        (("profiles", "add", "../x", "--url", "https://ghost.example"), "letters"),
        (("profiles", "add", "x", "--url", "ftp://ghost.example"), "https://ghost.example"),
        (("profiles", "remove"), "ghost profiles remove NAME"),
        (("profiles", "remove", "none"), "There is no profile"),
    ],
)
def test_what_is_wrong_says_what_to_do(ghost, typed, words, said):
    typed("token\n")

    status, _out, err = ghost(*words)

    assert (status, said in err) == (2, True)


def test_a_rotation_keeps_the_new_token_in_the_profile(ghost, variables, proxy, token, typed):
    del variables["GHOST_URL"], variables["GHOST_TOKEN"]
    typed(token.raw + "\n")
    ghost("profiles", "add", "home", "--url", proxy.url)

    status, _out, _err = ghost("rotate", "--profile", "home")

    assert (status, profiles.read("home")["token"] == token.raw) == (0, False)
    assert ghost("status", "--profile", "home")[0] == 0


def test_a_file_that_holds_no_profiles_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "ghost").mkdir()
    (tmp_path / "ghost" / "profiles.json").touch(0o600)
    (tmp_path / "ghost" / "profiles.json").write_text('["x"]')

    with pytest.raises(SetupError, match="holds no profiles"):
        profiles.read_all()
