"""Who may not see people reads no operator's name or address on any page, and can't find one out."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django_q.models import Task

from builds.models import Build
from dht.models import Scan
from ghost.core.audit import access
from ghost.core.audit.models import AuditEvent
from ghost.core.jobs import queue
from ghost.core.jobs.models import JobKind
from resources.models import Block
from teams import groups
from tests import make

pytestmark = pytest.mark.django_db

NAME, MAIL = "wilhelmina-7", "wilhelmina@operators.example"
SECRET = re.compile(r"wilhelmina|Goldfarb|operators\.example|203\.0\.113\.77")


@pytest.fixture
def world():
    """An operator has left traces everywhere."""
    boss = User.objects.create_superuser(NAME, MAIL, password="a battery of horses")
    browser = Client(REMOTE_ADDR="203.0.113.77")
    fields = {"username": NAME, "password": "a battery of horses", "next": "/admin/"}
    browser.post("/admin/login/", {**fields, "password": "wrong"})
    browser.post("/admin/login/", fields)
    row, kept = make.resource(), make.resource()
    browser.post(reverse("admin:resources_block_add"), {"info_hash": "a" * 40, "reason": "spam"})
    listed = reverse("admin:resources_resource_changelist")
    asked = {
        "action": "take_down",
        "_selected_action": [row.pk],
        "reason": "asked",
        "confirmed": "1",
    }
    browser.post(listed, asked)
    form = {"username": NAME, "email": MAIL, "last_name": "Goldfarb", "is_active": "on",
            "is_staff": "on", "is_superuser": "on", "date_joined_0": "2026-01-01", "date_joined_1": "00:00"}  # fmt: skip
    browser.post(reverse("admin:auth_user_change", args=[boss.pk]), form)
    browser.post(reverse("admin:builds_build_changelist"), {"how": "all"})
    Build.objects.create(trigger=NAME, state="done", lease_until=timezone.now())
    Scan.objects.create(trigger=NAME)
    make.publisher(name="Ada")
    now = timezone.now()
    for number, is_ok in enumerate((True, False)):
        Task.objects.create(
            id=f"t{number}", name=f"t{number}", func="builds.tasks.roll_back", started=now, stopped=now,
            args=(1, NAME), kwargs={"by": NAME}, success=is_ok, result="nothing to do",
        )  # fmt: skip
    queue.enqueue("builds.tasks.roll_back", 1, NAME, kind=JobKind.OTHER)
    access.write()
    assert Block.objects.filter(created_by=NAME).count() >= 2
    assert AuditEvent.objects.filter(actor_name=NAME, object_type="user").count() >= 2
    return kept


@pytest.fixture
def viewer(world) -> Client:
    groups.sync()
    person = User.objects.create_user("vera", is_staff=True)
    person.groups.add(Group.objects.get(name="Viewer"))
    browser = Client()
    browser.force_login(person)
    return browser


def pages() -> list[str]:
    """The dashboard, and of each model its list, its rows and their histories."""
    found = [reverse("admin:index")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        addresses: list[tuple[str, list[int]]] = [(kind, []) for kind in ("changelist", "add")]
        for row in model._default_manager.order_by("-pk")[:12]:
            addresses += [(kind, [row.pk]) for kind in ("change", "history", "delete")]
        for kind, args in addresses:
            try:
                found.append(reverse(f"{name}_{kind}", args=args))
            except NoReverseMatch:
                continue
    return found


def test_no_page_tells_a_viewer_who_the_operators_are(viewer):
    told, seen = {}, 0
    for address in pages():
        answer = viewer.get(address, follow=True)
        seen += answer.status_code == 200
        if found := set(SECRET.findall(answer.content.decode())):
            told[address] = found

    assert told == {}
    assert seen > 40


def test_the_same_pages_tell_it_to_who_may_see_people(world):
    browser = Client()
    browser.force_login(User.objects.get(username=NAME))

    telling = [a for a in pages() if SECRET.search(browser.get(a, follow=True).content.decode())]

    assert {a.split("/")[2] + "/" + a.split("/")[3] for a in telling if a.count("/") > 3} >= {
        "auth/user", "builds/build", "dht/scan", "django_q/failure", "django_q/success", "ghost/auditevent",
        "ghost/queueentry", "resources/block",
    }  # fmt: skip


ASKED = (
    ("ghost_auditevent", "actor_name__startswith=wil"),
    ("ghost_auditevent", "object_name__startswith=wil"),
    ("ghost_auditevent", "changes__icontains=Goldfarb"),
    ("ghost_auditevent", "address__startswith=203"),
    ("ghost_auditevent", "address=203.0.113.77"),
    ("ghost_auditevent", "q=wilhelmina"),
    ("ghost_auditevent", "q=203.0.113.77"),
    ("builds_build", "trigger__startswith=wil"),
    ("builds_build", "q=wilhelmina"),
    ("dht_scan", "trigger__startswith=wil"),
    ("dht_scan", "q=wilhelmina"),
    ("resources_block", "created_by__startswith=wil"),
    ("resources_block", "q=wilhelmina"),
)


def test_no_filter_or_search_answers_whether_there_is_such_an_operator(viewer):
    def shown(model: str, question: str) -> str:
        page = viewer.get(f"{reverse(f'admin:{model}_changelist')}?{question}", follow=True)
        rows = page.context["cl"].result_list if page.context and "cl" in page.context else []
        return f"{page.status_code} {[str(row.pk) for row in rows]}"

    others = [re.sub(r"wil|Goldfarb|203", "zzz", asked) for _model, asked in ASKED]

    answers = [shown(*each) for each in ASKED]

    assert answers == [shown(model, other) for (model, _), other in zip(ASKED, others, strict=True)]


def test_people_are_ordered_by_nobody_who_may_not_see_them(viewer):
    page = viewer.get(reverse("admin:ghost_auditevent_changelist"))
    cl = page.context["cl"]
    by_name = viewer.get(reverse("admin:ghost_auditevent_changelist"), {"o": "2"})

    assert "who" not in cl.sortable_by
    assert "actor_name" not in str(by_name.context["cl"].queryset.query.order_by)


def test_fields_of_people_are_hidden_in_the_api(client, world):
    rows = client.get("/api/admin/audit?object_type=user", **make.auth(make.admin())).json()

    changed = [row["changes"] for row in rows if row["action"] == "user.change"]
    assert changed
    assert not SECRET.search(str([row["changes"] for row in rows]))
