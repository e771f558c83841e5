"""A row of everything that the operators' interface lists."""

from django.contrib.auth.models import Group, User
from django.utils import timezone
from django_q.models import Schedule, Task
from django_q.tasks import async_task

from builds.models import Build, Cover, Deployment
from dht.models import HealthSample, Scan
from ghost.core.circuits import Circuit
from ghost.operations.alerts.models import Alert, AlertRule
from ghost.operations.alerts.rules import RULES
from ghost.operations.channels.models import Delivery
from resources.models import Block, Category
from tests import make


def one_of_each(number: int) -> None:
    """A row more of everything that the admin lists."""
    owner = make.publisher(name=f"Publisher {number}")
    team = make.team(owner, f"Team {number}")
    make.member(team, f"Member {number}")
    category = make.category(f"Category {number}", parent=Category.objects.first())
    row = make.resource(publisher=owner, team=team, category=category, tags=["one", "two"])
    scan = Scan.objects.create(trigger="test", state="done", started_at=timezone.now())
    HealthSample.objects.create(resource=row, method="dht", status="Active", scan=scan)
    Cover.objects.create(resource=row, digest="0" * 64, width=3, height=4)
    Circuit.objects.create(kind="tracker", name=f"{number}.example.org", failures=3)
    Deployment.objects.create(key=f"{number}", kind="folder", target=f"/srv/{number}")
    make.backup()
    Alert.objects.create(
        rule="disk", subject=f"disk {number}", since=timezone.now(), fired_at=timezone.now(),
        level="warning", state="firing",
    )  # fmt: skip
    AlertRule.objects.create(name=list(RULES)[number])
    Delivery.objects.create(
        kind="alert", channel="mail", target="operator:ada", subject=f"{number}", key=f"{number}",
        created_at=timezone.now(),
    )  # fmt: skip
    Block.objects.create(info_hash=make.info_hash())
    build = Build.objects.create(
        trigger="test", state="done", lease_until=timezone.now(), ended_at=timezone.now()
    )
    build.steps.create(name="hugo", output="<b>words</b>", is_ok=True, ended_at=timezone.now())
    Schedule.objects.create(name=f"schedule {number}", func="dht.tasks.run_probes", minutes=1)
    for success in (True, False):
        Task.objects.create(
            id=f"{number}{success}", name=f"task {number}", func="dht.tasks.run_probes",
            args=(number,), result="said so", started=timezone.now(), stopped=timezone.now(),
            success=success,
        )  # fmt: skip
    async_task("dht.tasks.run_probes", number)
    person = User.objects.create_user(f"person-{number}")
    person.groups.add(Group.objects.create(name=f"group {number}"))
