"""The Admin token of a new installation."""

import stat

import pytest

from teams import first_admin
from teams.models import Token
from teams.roles import Role
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def secrets_dir(configure, tmp_path):
    return configure(secrets_dir=tmp_path / "secrets").secrets_dir


def test_first_start_makes_one_in_a_file_of_the_owner(caplog, secrets_dir):
    path = present(first_admin.ensure())

    raw = path.read_text().strip()
    assert path == secrets_dir / "admin-token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(secrets_dir.stat().st_mode) == 0o700
    assert present(Token.objects.find_usable(raw)).role == Role.ADMIN
    assert str(path) in caplog.text
    assert raw not in caplog.text


def test_later_starts_make_none():
    first_admin.ensure()

    assert first_admin.ensure() is None
    assert Token.objects.count() == 1


def test_none_is_made_beside_an_admin_from_elsewhere(secrets_dir):
    make.admin()

    assert first_admin.ensure() is None
    assert not (secrets_dir / "admin-token").exists()


def test_file_of_an_earlier_database_is_replaced(secrets_dir):
    secrets_dir.mkdir()
    (secrets_dir / "admin-token").write_text("stale")

    path = present(first_admin.ensure())

    assert Token.objects.find_usable(path.read_text().strip()) is not None


def test_file_that_can_not_be_written_leaves_no_token(secrets_dir):
    secrets_dir.write_text("a file where the folder should be")

    with pytest.raises(OSError, match=r"exists|directory"):
        first_admin.ensure()

    assert Token.objects.count() == 0
