import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django_q.models import OrmQ

from ghost.core.audit.models import AuditEvent
from tests.ghost.accounts import people

pytestmark = pytest.mark.django_db


def test_a_lost_second_factor_is_removed_and_the_sessions_end(capsys):
    person = people.operator(app=True, codes=True)
    browser = people.browser()
    people.sign_in(browser)
    browser.post("/admin/account/second-factor/", {"code": people.code()})

    call_command("reset_second_factor", "ann")

    assert not Authenticator.objects.filter(user=person).exists()
    assert browser.get("/admin/").status_code == 302
    event = AuditEvent.objects.filter(action="user.reset_second_factor").earliest("pk")
    assert (event.actor_name, event.changes) == (
        "reset_second_factor",
        {"second_factor": ["app", None]},
    )
    assert "sessions ended: 1" in capsys.readouterr().out


def test_who_lost_it_hears_of_it_as_from_the_admin(configure, django_capture_on_commit_callbacks):
    configure(email_url="smtp://mail.example", email_from="ghost@example.org")
    person = people.operator(app=True)
    person.email = "ann@example.org"
    person.save()

    with django_capture_on_commit_callbacks(execute=True):
        call_command("reset_second_factor", "ann")

    pk, _, body = OrmQ.objects.get().task["args"]
    assert pk == person.pk
    assert "An operator removed your second factor." in body
    assert "Address: unknown" in body


@pytest.mark.parametrize(("name", "told"), [("eve", "nobody"), ("ann", "no second factor")])
def test_who_has_none_is_told(name, told):
    people.operator()

    with pytest.raises(CommandError, match=told):
        call_command("reset_second_factor", name)
