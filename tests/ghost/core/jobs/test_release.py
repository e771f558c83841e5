"""What a dead cluster held waits again: at once on its machine, after its lease on others."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import Failure, OrmQ

from ghost.core import process
from ghost.core.jobs import release, worker
from ghost.core.jobs.entries import QueueEntry
from ghost.core.jobs.models import Job, JobStatus
from tests.ghost.core.jobs.steps import ask, begin, told
from tests.presence import present

pytestmark = pytest.mark.django_db

HERE = process.machine()
DEAD = f"{HERE}:4194303:1"
DEAD_WORKER = f"{HERE}:4194304:2"
DEAD_NEIGHBOUR = f"{HERE}:4194305:2"
FOREIGN = "web2.00000000:7:1"


def fetched(cluster: str, by: str = "", seen_s_ago: float = 0) -> QueueEntry:
    """A task that this cluster has fetched, and that this worker runs."""
    job = ask()
    get_broker().dequeue()
    if by:
        begin(job)
    seen = timezone.now() - timedelta(seconds=seen_s_ago)
    Job.objects.filter(pk=job.pk).update(worker=by)
    entry = QueueEntry.objects.filter(task_id=job.pk)
    entry.update(cluster=cluster, worker=by, held_at=seen)
    return entry.get()


def waits(entry: QueueEntry) -> bool:
    """Whether a broker hands it out at once."""
    entry.refresh_from_db()
    due = OrmQ.objects.filter(entry=entry, lock__lte=timezone.now())
    return (entry.cluster, entry.worker) == ("", "") and due.exists()


def test_what_a_dead_cluster_had_fetched_waits_again_begun_or_not():
    entries = [fetched(DEAD), fetched(DEAD, DEAD_WORKER)]

    released = release.release_dead()

    assert released == 2
    assert all(waits(entry) for entry in entries)
    assert {job.status for job in Job.objects.all()} == {JobStatus.QUEUED}
    assert [status for status, *_ in told()][-1] == "queued"


def test_what_the_living_and_other_machines_hold_stays_theirs():
    entries = [fetched(process.name()), fetched(FOREIGN), fetched("")]
    before = [entry.held_at for entry in entries]

    released = release.release_dead()

    assert released == 0
    assert [QueueEntry.objects.get(pk=entry.pk).held_at for entry in entries] == before


def test_a_released_task_is_fetched_by_the_next_cluster():
    entry = fetched(DEAD, DEAD_WORKER)

    release.release_dead()

    [(row, _)] = get_broker().dequeue()
    assert row == entry.row_id


def test_a_job_with_subjects_goes_on_with_whoever_takes_them_up():
    job = ask("resource:1")
    get_broker().dequeue()
    begin(job)
    QueueEntry.objects.update(cluster=DEAD, worker=DEAD_WORKER)

    release.release_dead()

    assert Job.objects.get().started_at is not None


def test_only_the_task_whose_worker_died_is_to_blame():
    poison, neighbour = fetched(DEAD, DEAD_WORKER), fetched(DEAD, DEAD_NEIGHBOUR)
    waiting = fetched(DEAD)

    release.release_dead(died=[process.number(DEAD_WORKER)])

    kills = [QueueEntry.objects.get(pk=each.pk).kills for each in (poison, neighbour, waiting)]
    assert kills == [1, 0, 0]


def test_what_its_worker_had_done_before_is_not_to_blame():
    """Its result was not stored yet."""
    done, poison = fetched(DEAD, DEAD_WORKER), fetched(DEAD, DEAD_WORKER)

    for died in ([process.number(DEAD_WORKER)], []):
        QueueEntry.objects.update(cluster=DEAD, worker=DEAD_WORKER)
        release.release_dead(died)

    assert [QueueEntry.objects.get(pk=each.pk).kills for each in (done, poison)] == [0, 2]


def test_a_task_is_not_to_blame_for_the_death_of_an_idle_process():
    entry = fetched(DEAD, DEAD_WORKER)

    release.release_dead(died=[17])

    assert QueueEntry.objects.get(pk=entry.pk).kills == 0


def test_a_task_that_kills_its_workers_again_and_again_is_given_up():
    entry = fetched(DEAD, DEAD_WORKER)
    ends = []

    for _ in range(release.MAX_KILLS):
        QueueEntry.objects.filter(pk=entry.pk).update(cluster=DEAD, worker=DEAD_WORKER)
        ends.append(release.release_dead())

    job, failure = Job.objects.get(), Failure.objects.get()
    assert ends == [1] * (release.MAX_KILLS - 1) + [0]
    assert (job.status, job.error) == (
        JobStatus.FAILED,
        worker.WORKER_DIED(count=release.MAX_KILLS),
    )
    assert (failure.pk, failure.func, failure.args) == (job.pk, "time.sleep", (0,))
    assert (QueueEntry.objects.count(), OrmQ.objects.count()) == (0, 0)


def test_what_another_machine_holds_is_released_when_nobody_saw_it_alive_for_long():
    lost = fetched(FOREIGN, "web2.00000000:8:1", seen_s_ago=release.LEASE_S + 1)
    held = fetched(FOREIGN, seen_s_ago=release.LEASE_S - 5)

    release.look_after()

    assert (waits(lost), waits(held)) == (True, False)


def test_what_a_cluster_of_this_machine_held_is_not_left_to_one_that_never_follows():
    lost = fetched(DEAD, DEAD_WORKER, seen_s_ago=release.GONE_AFTER_S + 1)
    held = fetched(DEAD, seen_s_ago=release.GONE_AFTER_S - 5)

    release.look_after()

    assert (waits(lost), waits(held)) == (True, False)


def test_the_living_of_this_machine_are_said_to_be_alive():
    entry = fetched(process.name(), seen_s_ago=release.LEASE_S + 1)

    release.look_after()

    entry.refresh_from_db()
    assert entry.held_at is not None
    assert timezone.now() - entry.held_at < timedelta(seconds=5)


def test_who_was_seen_lately_costs_no_write(django_assert_num_queries):
    fetched(process.name())
    release.look_after()

    with django_assert_num_queries(3) as seen:
        release.look_after()

    assert {query["sql"].split()[0] for query in seen.captured_queries} == {"SELECT"}


def test_a_task_whose_worker_had_to_be_killed_for_its_time_is_failed():
    late = fetched(process.name(), DEAD_WORKER)
    fetched(process.name(), DEAD_NEIGHBOUR)
    long_ago = timezone.now() - timedelta(seconds=3600 + release.OVERDUE_AFTER_S + 1)
    QueueEntry.objects.filter(pk=late.pk).update(begun_at=long_ago)

    release.look_after()

    assert [row.pk for row in Failure.objects.all()] == [late.task_id]
    assert Job.objects.get(pk=late.task_id).error == worker.OVERDUE()
    assert QueueEntry.objects.count() == 1


@pytest.mark.parametrize("cluster", [DEAD, FOREIGN])
def test_what_a_dead_cluster_held_whose_clock_ran_ahead_waits_again(cluster):
    entry = fetched(cluster, seen_s_ago=-7200)

    release.look_after()

    assert waits(entry)


def test_the_living_say_so_again_after_their_clock_was_set_back():
    entry = fetched(process.name(), seen_s_ago=-7200)

    release.look_after()

    entry.refresh_from_db()
    assert present(entry.held_at) <= timezone.now()
    assert entry.cluster == process.name()
