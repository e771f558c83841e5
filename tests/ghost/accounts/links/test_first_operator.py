"""The link of the first operator: one use, one winner, gone when there is somebody."""

from __future__ import annotations

import io
import re
import stat
from functools import partial
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from ghost.accounts.links import first_operator
from ghost.accounts.links.first_operator import FirstOperatorLink
from ghost.core.audit.models import AuditEvent
from ghost.core.errors import RefusedError
from ghost.operations.start import startup
from teams.models.sign_in_attempt import MOST
from tests.threads import together

pytestmark = pytest.mark.django_db

PASSWORD = "a battery of horses"


@pytest.fixture(autouse=True)
def secrets_dir(configure, tmp_path) -> Path:
    return configure(secrets_dir=tmp_path / "secrets", admin_url="https://a.example").secrets_dir


@pytest.fixture
def link() -> str:
    return address(first_operator.make())


def address(path: Path) -> str:
    found = re.fullmatch(
        r"https://a\.example(/admin/account/first-operator/[\w-]{43}/)\n", path.read_text()
    )
    assert found
    return found[1]


def fill(link: str, name: str = "olga", password: str = PASSWORD, browser: Client | None = None):
    fields = {"username": name, "email": "", "password1": password, "password2": password}
    return (browser or Client(REMOTE_ADDR="192.0.2.1")).post(link, fields)


def test_a_start_leaves_a_link_that_its_owner_alone_can_read(caplog, secrets_dir):
    startup.put_right()

    path = secrets_dir / "first-operator-link"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert str(path) in caplog.text
    assert address(path) not in caplog.text
    assert FirstOperatorLink.objects.get().digest not in path.read_text()
    assert Client().get(address(path)).status_code == 200


def test_later_starts_keep_it_until_it_is_old(link):
    startup.put_right()
    same = address(first_operator.path())
    FirstOperatorLink.objects.update(expires_at=timezone.now())

    startup.put_right()

    assert same == link
    assert address(first_operator.path()) != link
    assert FirstOperatorLink.objects.count() == 1
    assert Client().get(link).status_code == 404


def test_the_link_makes_an_operator_who_signs_in_with_the_password(link):
    browser = Client(REMOTE_ADDR="192.0.2.1")

    answer = fill(link, browser=browser)

    person = User.objects.get()
    assert answer["Location"] == "/admin/login/"
    assert (person.username, person.is_staff, person.is_superuser) == ("olga", True, True)
    assert browser.get("/admin/").status_code == 302  # the link signs nobody in
    browser.post("/admin/login/", {"username": "olga", "password": PASSWORD, "next": "/admin/"})
    assert browser.get("/admin/").status_code == 200
    event = AuditEvent.objects.get(action="user.first")
    assert (event.object_name, event.address) == ("olga", "192.0.2.1")


def test_it_opens_once(link, secrets_dir):
    fill(link)

    assert fill(link, "eve").status_code == 404
    assert Client().get(link).status_code == 404
    assert list(User.objects.values_list("username", flat=True)) == ["olga"]
    assert not (secrets_dir / "first-operator-link").exists()
    assert not FirstOperatorLink.objects.exists()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"password": "short"}, "too short"),
        ({"password": "olga-1234567890"}, "too easily guessed"),
        ({"name": "o l g a"}, "valid username"),
    ],
)
def test_what_can_be_no_account_leaves_the_link_open(link, fields, told):
    answer = fill(link, **fields)

    assert told in answer.content.decode()
    assert not User.objects.exists()
    assert fill(link).status_code == 302


def test_a_name_that_somebody_has_without_being_an_operator_is_refused(link):
    User.objects.create_user("olga", password=None)

    assert "already exists" in fill(link).content.decode()
    assert fill(link, "anna").status_code == 302


def test_it_is_closed_as_soon_as_there_is_an_operator_however_he_came(link, secrets_dir):
    User.objects.create_superuser("root", password=PASSWORD)

    closed = (Client().get(link).status_code, fill(link).status_code)
    startup.put_right()

    assert closed == (404, 404)
    assert not (secrets_dir / "first-operator-link").exists()
    assert "first operator's link" not in startup.missing()
    with pytest.raises(CommandError, match="operator already"):
        call_command("first_operator_link")


@pytest.mark.parametrize("lack", ["is_active", "is_staff", "is_superuser", "password"])
def test_who_can_not_sign_in_to_everything_is_no_operator(lack):
    person = User.objects.create_superuser("root", password=PASSWORD)
    setattr(person, lack, "!" if lack == "password" else False)
    person.save()

    assert not first_operator.is_there()


def test_the_command_makes_another_and_the_first_opens_nothing(link):
    out = io.StringIO()

    call_command("first_operator_link", stdout=out)

    other = address(first_operator.path())
    assert str(first_operator.path()) in out.getvalue()
    assert other not in out.getvalue()
    assert (Client().get(link).status_code, Client().get(other).status_code) == (404, 200)


def test_links_can_not_be_tried_for_long():
    browser = Client(REMOTE_ADDR="192.0.2.1", raise_request_exception=False)

    found = [
        browser.post(f"/admin/account/first-operator/{n}/").status_code for n in range(MOST + 1)
    ]
    looked = browser.get("/admin/account/first-operator/x/").status_code

    assert found == [404] * MOST + [429]
    assert looked == 404


def test_the_link_stands_in_no_event_and_no_line_of_the_log(link, caplog):
    fill(link, password="short")
    fill(link)
    for _ in range(MOST):
        fill(link)

    token = link.split("/")[-2]
    assert token not in caplog.text
    assert token not in str(list(AuditEvent.objects.values_list()))


def test_of_two_at_a_time_one_wins(file_database, link):
    def try_it(name: str) -> bool:
        person = User(username=name, password="pbkdf2_sha256$1$x$y")
        try:
            first_operator.redeem(link.split("/")[-2], person)
        except RefusedError:
            return False
        return True

    won = together(*(partial(try_it, name) for name in ("olga", "eve")))

    assert sorted(won) == [False, True]
    assert User.objects.count() == 1


def test_who_is_killed_before_the_end_leaves_the_link_open(file_database, link, monkeypatch):
    def die() -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(first_operator, "_drop", die)
        with pytest.raises(SystemExit):
            first_operator.redeem(link.split("/")[-2], User(username="olga", password="x$y"))

    assert not User.objects.exists()
    assert fill(link).status_code == 302
