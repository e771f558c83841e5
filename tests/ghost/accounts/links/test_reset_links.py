"""A forgotten password: the same answer to everybody, one use, no way around the second factor."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ghost.accounts import tasks
from ghost.accounts.links import reset_links
from ghost.accounts.links.reset_links import ResetRequest
from ghost.core.audit.models import AuditEvent
from ghost.core.errors import OutageError, RefusedError
from ghost.core.text.reasons import NOTHING_TO_DO
from teams.models.sign_in_attempt import MOST
from tests.results import said
from tests.threads import together

pytestmark = pytest.mark.django_db

ADDRESS, OLD, NEW = "olga@example.org", "a battery of horses", "a stable of batteries"
PAGE = "/admin/account/password/reset/"


@pytest.fixture(autouse=True)
def mail_server(configure):
    configure(
        email_url="smtp://mail.example",
        email_from="Ghost <g@example.org>",
        admin_url="https://a.example",
    )


@pytest.fixture
def olga() -> User:
    return User.objects.create_superuser("olga", ADDRESS, OLD)


def ask(email: str = ADDRESS, browser: Client | None = None, headers: dict[str, str] | None = None):
    browser = browser or Client(REMOTE_ADDR="192.0.2.1", raise_request_exception=False)
    return browser.post(PAGE, {"email": email}, headers=headers or {})


def mailed() -> list[str]:
    tasks.send_reset_links()
    links = [re.findall(r"https://a\.example(/\S+)", str(each.body)) for each in mail.outbox]
    return [link for found in links for link in found]


def open_link(link: str, browser: Client) -> str:
    """The address of the form."""
    answer = browser.get(link)
    return answer["Location"] if answer.status_code == 302 else ""


def set_password(form: str, browser: Client, password: str = NEW):
    return browser.post(form, {"new_password1": password, "new_password2": password})


def test_a_new_password_is_set_by_a_link_that_was_mailed(olga):
    ask(ADDRESS.upper())
    [link] = mailed()
    browser = Client()

    form = open_link(link, browser)
    page = browser.get(form).content.decode()
    answer = set_password(form, browser)

    [message] = mail.outbox
    assert message.to == [ADDRESS]
    assert "olga" in message.body
    assert "30 minutes" in message.body
    assert link.split("/")[-2] not in form
    assert 'autocomplete="new-password"' in page
    assert "15 to 256 characters" in page
    assert answer["Location"] == "/admin/login/"
    olga.refresh_from_db()
    assert olga.check_password(NEW)
    assert browser.get("/admin/").status_code == 302  # nobody is signed in by it


def test_known_and_unknown_addresses_get_the_same_answer_by_the_same_work(olga):
    seen = []
    for email in (ADDRESS, "nobody@example.org"):
        browser = Client(REMOTE_ADDR="192.0.2.1")
        with CaptureQueriesContext(connection) as queries:
            answer = ask(email, browser)
        work = [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries]
        page = re.sub(r'value="[^"]{64}"|nonce="[^"]*"', "", answer.content.decode())
        seen.append((answer.status_code, page, work))

    assert seen[0] == seen[1]
    assert "If an account has this address" in seen[0][1]
    assert len(mailed()) == 1


def test_the_link_begins_with_what_is_configured_whatever_the_host_header_says(olga):
    forged = ask(headers={"Host": "evil.example"})
    proxied = ask(headers={"X-Forwarded-Host": "evil.example", "Host": "localhost"})

    assert (forged.status_code, proxied.status_code) == (400, 200)
    assert len(mailed()) == 1
    assert "evil" not in str(mail.outbox[0].message())


def test_a_link_works_once(olga):
    ask()
    [link] = mailed()
    first, second = Client(), Client()
    forms = [open_link(link, first), open_link(link, second)]

    set_password(forms[0], first)
    late = set_password(forms[1], second, "yet another password")

    assert "has been used" in late.content.decode()
    assert open_link(link, Client()) == ""
    olga.refresh_from_db()
    assert olga.check_password(NEW)


def test_a_link_is_soon_too_old(olga, monkeypatch):
    ask()
    [link] = mailed()
    real = default_token_generator._now()

    later = real + reset_links.LASTS + timedelta(seconds=1)
    monkeypatch.setattr(default_token_generator, "_now", lambda: later)

    assert open_link(link, Client()) == ""


def test_it_ends_all_sessions(olga):
    elsewhere = Client()
    elsewhere.force_login(olga)
    ask()
    [link] = mailed()
    browser = Client()

    set_password(open_link(link, browser), browser)

    assert elsewhere.get("/admin/").status_code == 302


def test_it_is_audited_and_the_link_is_told_nowhere(olga, caplog):
    caplog.set_level("INFO")
    ask()
    [link] = mailed()
    browser = Client(REMOTE_ADDR="192.0.2.8")
    set_password(open_link(link, browser), browser)

    events = AuditEvent.objects.filter(action__startswith="user.").order_by("pk")
    told = list(events.values_list("action", "object_name", "address"))
    assert told == [
        ("user.mail_reset_link", "olga", ""),
        ("user.reset_password", "olga", "192.0.2.8"),
    ]
    assert link.split("/")[-2] not in caplog.text + str(list(AuditEvent.objects.values_list()))


def test_a_weak_password_is_refused(olga):
    ask()
    [link] = mailed()
    browser = Client()
    form = open_link(link, browser)

    weak = set_password(form, browser, "passwordpassword")

    assert "too easily guessed" in weak.content.decode()
    assert set_password(form, browser).status_code == 302


def test_who_asks_too_often_has_to_wait(olga):
    answers = [ask().status_code for _ in range(MOST + 1)]

    assert answers == [200] * MOST + [429]


def test_nobody_s_mailbox_is_filled(olga):
    for number in range(6):
        ask(browser=Client(REMOTE_ADDR=f"192.0.2.{number}"))
        tasks.send_reset_links()

    assert len(mail.outbox) == reset_links.MOST_MAILS


@pytest.mark.parametrize(
    "fields",
    [{"is_active": False}, {"is_staff": False}, {"password": "!"}, {"email": "olga@examp1e.org"}],
)
def test_who_can_not_sign_in_by_a_password_gets_no_mail(olga, fields):
    User.objects.update(**fields)

    ask()

    assert said(tasks.send_reset_links()) == said(NOTHING_TO_DO().plain())
    assert mail.outbox == []


def test_a_mail_server_that_is_away_breaks_no_page_and_loses_no_request(olga, monkeypatch):
    def away(*_: str) -> None:
        raise OutageError("mail.example sends no mail")

    with monkeypatch.context() as patch:
        patch.setattr("ghost.core.io.mail.send", away)
        answer = ask()
        with pytest.raises(OutageError):
            tasks.send_reset_links()

    assert answer.status_code == 200
    assert len(mailed()) == 1
    assert not ResetRequest.objects.exists()


def test_requests_that_were_not_served_are_bounded_and_forgotten(olga, monkeypatch):
    monkeypatch.setattr(reset_links, "MOST_WAITING", 2)
    for number in range(4):
        reset_links.note(f"{number}@example.org")
    kept = ResetRequest.objects.count()
    ResetRequest.objects.update(at=timezone.now() - reset_links.LASTS, email=ADDRESS)

    tasks.send_reset_links()

    assert kept == 2
    assert mail.outbox == []
    assert not ResetRequest.objects.exists()


def test_without_mail_it_says_what_to_do(olga, configure):
    configure(email_url="")

    page, answer = Client().get(PAGE).content.decode(), ask()

    assert "manage.py changepassword" in page
    assert "<form" not in page.partition("ghost-page")[2]
    assert "manage.py changepassword" in answer.content.decode()
    assert not ResetRequest.objects.exists()


def test_the_mail_is_in_the_language_of_who_asked(olga):
    ask(headers={"Accept-Language": "zh-hans"})

    mailed()

    assert "密码" in mail.outbox[0].subject


def test_a_title_of_several_lines_forges_no_header(olga, configure):
    configure(site_title="Ghost\r\nBcc: eve@example.org")
    ask()

    mailed()

    assert mail.outbox[0].recipients() == [ADDRESS]
    assert "\n" not in mail.outbox[0].subject


def test_of_two_who_use_a_link_at_once_one_sets_the_password(file_database):
    olga = User.objects.create_superuser("olga", ADDRESS, OLD)
    token = default_token_generator.make_token(olga)

    def try_it(password: str) -> str:
        try:
            reset_links.use(olga, token, password)
        except RefusedError:
            return ""
        return password

    tried = together(*(partial(try_it, each) for each in (NEW, "some other password")))
    won = [each for each in tried if each]

    olga.refresh_from_db()
    assert len(won) == 1
    assert olga.check_password(won[0])


def test_who_is_killed_while_it_is_used_leaves_the_old_password_and_the_link(olga, monkeypatch):
    token = default_token_generator.make_token(olga)

    def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("ghost.core.audit.access.note", die)
        with pytest.raises(SystemExit):
            reset_links.use(olga, token, NEW)

    olga.refresh_from_db()
    assert olga.check_password(OLD)
    reset_links.use(olga, token, NEW)
