"""`GET /api/tasks/{id}`: how the work stands that somebody asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from builds.models import Build, BuildState
from dht import probe_jobs, tasks
from dht.engine.outcomes import ProbeOutcome
from dht.models import Scan
from ghost.core.jobs import queue, worker
from ghost.core.jobs.models import Job, JobKind
from ghost.core.text.reasons import words
from resources.models import ProbeStatus, Resource
from resources.publishing.prober import prober
from tests import make
from tests.ghost.api.test_root import problem
from tests.presence import present

pytestmark = pytest.mark.django_db


def read(client, task_id, token) -> dict:
    response = client.get(f"/api/tasks/{task_id}", **make.auth(token))
    assert response.status_code == 200, response.content
    return response.json()


def probe(*rows: Resource, by) -> str:
    """The task of a probe that this token asked for."""
    subjects = [probe_jobs.subject(row.pk) for row in rows]
    return queue.enqueue(
        tasks.run_probes, rows[0].pk, kind=JobKind.PROBE, subjects=subjects, token_id=by.pk
    )


def found(row: Resource) -> bool:
    """A worker has probed it."""
    return tasks.record(
        row, ProbeOutcome(row.magnet_hash, ProbeStatus.OK, make.torrent_metadata(row.magnet_hash))
    )


def test_task_is_shown_in_full(client):
    ada = make.publisher()
    row = make.resource(publisher=ada, is_probed=False)
    task_id = probe(row, by=ada)

    answer = read(client, task_id, ada)

    job = Job.objects.get(pk=task_id)
    assert answer == {
        "task_id": task_id,
        "kind": "probe",
        "status": "queued",
        "stage": None,
        "progress": None,
        "queue_rank": OrmQ.objects.count(),
        "queue_total": OrmQ.objects.count(),
        "asked_at": job.asked_at.isoformat(),
        "started_at": None,
        "finished_at": None,
        "error": None,
        "result": None,
    }


def test_task_is_its_owners_and_admins_alone(client):
    ada, eve, root = make.publisher(), make.publisher(name="Eve"), make.admin()
    task_id = probe(make.resource(is_probed=False), by=ada)

    refused = client.get(f"/api/tasks/{task_id}", **make.auth(eve))

    assert problem(refused)["status"] == 403
    assert read(client, task_id, root)["task_id"] == task_id


def test_unknown_task_is_not_found(client):
    response = client.get("/api/tasks/0123", **make.auth(make.admin()))

    assert problem(response)["status"] == 404


@pytest.mark.django_db(transaction=True)
def test_create_names_a_task_that_its_publisher_may_read(client):
    ada = make.publisher()
    body = {"title": "A", "magnet_uri": make.magnet(), "category_id": make.category().pk}
    made = client.post("/api/resources", body, "application/json", **make.auth(ada)).json()

    answer = read(client, made["task_id"], ada)

    assert (answer["kind"], answer["status"]) == ("probe", "queued")


def test_probe_ends_with_its_own_resource_whichever_task_probed_it(client):
    ada = make.publisher()
    mine, other = (make.resource(publisher=ada, is_probed=False) for _ in range(2))
    task_ids = [probe(mine, by=ada), probe(other, by=ada)]
    Resource.objects.all().claim_probes(10, 60)
    claimed = [read(client, task_id, ada)["status"] for task_id in task_ids]

    found(Resource.objects.get(pk=mine.pk))

    answers = [read(client, task_id, ada) for task_id in task_ids]
    assert claimed == ["running", "running"]
    assert [answer["status"] for answer in answers] == ["done", "running"]
    assert answers[0]["result"] == {
        "resource_id": mine.pk,
        "probe_status": "ok",
        "probe_error": "",
        "dht_status": "Active",
        "state": "live",
    }


def test_probe_that_found_nobody_is_done_and_one_that_was_not_tried_has_failed(client):
    ada = make.publisher()
    dead, away = (make.resource(publisher=ada, is_probed=False) for _ in range(2))
    task_ids = [probe(dead, by=ada), probe(away, by=ada)]

    tasks.record(
        dead, ProbeOutcome(dead.magnet_hash, ProbeStatus.INACTIVE, error=words("Nobody is there."))
    )
    tasks.record(
        away, ProbeOutcome(away.magnet_hash, ProbeStatus.UNAVAILABLE, error=words("No DHT."))
    )

    answers = [read(client, task_id, ada) for task_id in task_ids]
    assert [(a["status"], a["error"]) for a in answers] == [("done", None), ("failed", "No DHT.")]
    assert [a["result"]["probe_status"] for a in answers] == ["inactive", "unavailable"]
    assert answers[0]["result"]["probe_error"] == "Nobody is there."


def test_probe_of_a_magnet_that_was_changed_meanwhile_goes_on(client):
    ada = make.publisher()
    row = make.resource(publisher=ada, is_probed=False)
    task_id, before = probe(row, by=ada), Resource.objects.get()
    row.magnet_uri = make.magnet()
    row.store()

    assert found(before) is False
    assert read(client, task_id, ada)["status"] == "queued"


def test_probe_that_ended_before_its_task_was_written_down_is_done(client):
    ada = make.publisher()
    row = make.resource(publisher=ada)

    answer = read(client, probe(row, by=ada), ada)

    assert (answer["status"], answer["result"]["state"]) == ("done", "live")
    assert answer["finished_at"] is not None


@pytest.mark.parametrize(
    ("end", "status", "error"),
    [
        (lambda row: row.take_down(reason="x", by="y"), "done", None),
        (lambda row: Resource.objects.all().delete(), "failed", "The resource is gone."),
    ],
    ids=["taken down", "deleted"],
)
def test_probe_that_nobody_will_make_has_ended(client, end, status, error):
    ada = make.publisher()
    row = make.resource(publisher=ada, is_probed=False)
    task_id = probe(row, by=ada)

    end(row)

    answer = read(client, task_id, ada)
    assert (answer["status"], answer["error"]) == (status, error)
    assert answer["result"]["resource_id"] == row.pk


def test_task_of_many_probes_tells_how_far_they_are(client):
    ada = make.publisher()
    rows = [make.resource(publisher=ada, is_probed=False) for _ in range(3)]
    task_id = probe(*rows, by=ada)
    found(rows[0])
    tasks.record(rows[1], ProbeOutcome(rows[1].magnet_hash, ProbeStatus.INACTIVE, error=words("x")))

    halfway = read(client, task_id, ada)
    found(rows[2])
    ended = read(client, task_id, ada)

    assert (halfway["progress"], halfway["result"]) == (
        {"done": 2, "total": 3},
        {"ok": 1, "inactive": 1},
    )
    assert (ended["status"], ended["result"]) == ("done", {"ok": 2, "inactive": 1})


def test_prober_makes_one_task_of_many(client):
    ada = make.publisher()
    rows = [make.resource(publisher=ada, is_probed=False) for _ in range(3)]

    task_id = prober().enqueue(*(row.pk for row in rows))

    assert Job.objects.get(pk=task_id).parts.count() == 3
    assert [q.task["args"] for q in OrmQ.objects.filter(entry__task_id=task_id)] == [(rows[0].pk,)]


def test_reading_takes_as_many_queries_for_one_subject_as_for_three(client):
    ada = make.publisher()

    def queries(number: int) -> int:
        rows = [make.resource(publisher=ada, is_probed=False) for _ in range(number)]
        task_id = probe(*rows, by=ada)
        read(client, task_id, ada)
        with CaptureQueriesContext(connection) as context:
            read(client, task_id, ada)
        return len(context)

    assert queries(1) == queries(3) <= 10


def test_scan_ends_for_all_who_asked(client):
    root = make.admin()
    make.resource()
    scan = Scan.objects.ask(trigger="test")
    task_ids = [
        queue.enqueue(
            "dht.tasks.run_scan",
            scan.pk,
            kind=JobKind.SCAN,
            subjects=[Scan.subject_of(scan.pk)],
            token_id=root.pk,
        )
        for _ in range(2)
    ]
    scan.begin()
    scan.record(checked=1, active=1)
    scan.report()
    running = read(client, task_ids[0], root)

    scan.stop()

    ended = [read(client, task_id, root) for task_id in task_ids]
    assert (running["status"], running["stage"], running["progress"]) == (
        "running",
        "scan",
        {"done": 1, "total": 1},
    )
    assert [answer["status"] for answer in ended] == ["done", "done"]
    assert ended[0]["result"]["checked"] == 1
    assert ended[0]["result"]["state"] == "stopped"


def test_build_tells_its_stages_and_its_end(client):
    root = make.admin()
    task_id = queue.enqueue("builds.tasks.build_now", kind=JobKind.BUILD, token_id=root.pk)
    worker.begin({"id": task_id})
    build = present(Build.objects.claim("test"))
    build.tell(build.steps.create(name="hugo", done=3, total=9))
    running = read(client, task_id, root)
    BuildState.fail(build, words("boom"))
    worker.end({"id": task_id, "success": True, "result": f"build {build.pk}: failed"})

    ended = read(client, task_id, root)

    assert (running["status"], running["stage"], running["progress"]) == (
        "running",
        "hugo",
        {"done": 3, "total": 9},
    )
    assert ended["result"] == {
        "said": f"build {build.pk}: failed",
        "build_id": build.pk,
        "state": "failed",
    }


def test_only_admins_read_what_the_program_said(client):
    ada, root = make.publisher(), make.admin()
    task_id = queue.enqueue("time.sleep", 0, kind=JobKind.OTHER, token_id=ada.pk)
    worker.begin({"id": task_id})
    worker.end({"id": task_id, "success": False, "result": "boom at /srv : Traceback (most recent"})

    assert read(client, task_id, ada)["error"] == str(worker.FAILED())
    assert read(client, task_id, root)["error"] == "boom at /srv"


def test_task_whose_worker_died_is_lost(client):
    root = make.admin()
    task_id = queue.enqueue("time.sleep", 0, kind=JobKind.OTHER)
    worker.begin({"id": task_id})
    Job.objects.update(worker="elsewhere:1", started_at=timezone.now() - timedelta(hours=2))

    assert read(client, task_id, root)["status"] == "lost"
