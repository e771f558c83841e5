"""Many resources in one request."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ghost.core.audit.models import AuditEvent
from ghost.core.http.limits import rate_limit
from resources.models import Resource
from resources.publishing import bulk, publish
from resources.torrents import magnets
from teams.models import Token
from tests import locks, make

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(client, prober, django_capture_on_commit_callbacks):
    """One bulk request: a list goes as an array, bytes as lines."""

    def post(token, body, query="", **headers):
        is_list = isinstance(body, list)
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(
                f"/api/resources/bulk{query}",
                json.dumps(body).encode() if is_list else body,
                content_type="application/json" if is_list else "application/x-ndjson",
                headers={"Authorization": f"Bearer {token.raw}"} | headers,
            )

    return post


def item(category, **kwargs):
    return {"title": "One", "magnet_uri": make.magnet(), "category_id": category.pk} | kwargs


def lines(*items):
    return "\n".join(json.dumps(each) for each in items).encode()


@pytest.mark.parametrize("form", [list, lambda items: lines(*items)])
def test_each_item_has_an_outcome_of_its_own(send, prober, form):
    token, category = make.publisher(), make.category()
    listed = make.resource(publisher=make.publisher(name="Eve"))
    items = [
        item(category, title="A"),
        item(category, title=""),
        item(category, title="B", tags=["x"]),
        item(category, magnet_uri=listed.magnet_uri),
        {"title": "no magnet", "category_id": category.pk},
        item(category, category_id=10**9),
        item(category, magnet_uri="magnet:?xt=urn:btih:zz"),
    ]

    response = send(token, form(items))

    answer = response.json()
    assert response.status_code == 200
    assert (answer["created"], answer["refused"], answer["dry_run"]) == (2, 5, False)
    assert [each["status"] for each in answer["items"]] == [201, 422, 201, 409, 422, 422, 422]
    assert [each["index"] for each in answer["items"]] == list(range(7))
    made = {row.title: row for row in Resource.objects.filter(title__in=["A", "B"])}
    assert [each["id"] for each in answer["items"] if each["id"]] == [
        made["A"].pk,
        made["B"].pk,
    ]
    assert {made["A"].publisher_id} == {token.pk}
    assert answer["items"][4]["problem"]["errors"] == [
        {"field": "magnet_uri", "message": "This field is needed."}
    ]
    assert answer["items"][3]["problem"]["resource_id"] is None  # another publisher's


@pytest.mark.django_db(transaction=True)  # the task's id is known after the commit
def test_one_probe_is_queued_for_all(send, prober, monkeypatch):
    monkeypatch.setattr(bulk, "CHUNK", 3)
    token, category = make.publisher(), make.category()

    answer = send(token, [item(category) for _ in range(5)]).json()

    assert len(prober.queued) == 1
    assert len({each["task_id"] for each in answer["items"]}) == 1
    assert all(each["task_id"] for each in answer["items"])
    assert Resource.objects.due_for_probe().count() == 5


def test_a_dry_run_says_the_same_and_keeps_nothing(send, prober):
    token, category = make.publisher(), make.category()
    twice = item(category)
    items = [twice, item(category), twice, item(category, tags=["x" * 99])]

    tried = send(token, items, "?dry_run=true").json()
    kept = Resource.objects.count(), AuditEvent.objects.filter(action="resource.create").count()
    done = send(token, items).json()

    assert kept == (0, 0)
    assert tried["dry_run"] is True
    assert [i["status"] for i in tried["items"]] == [201, 201, 409, 422]
    assert [i["status"] for i in done["items"]] == [i["status"] for i in tried["items"]]
    assert [i["id"] for i in tried["items"]] == [None] * 4
    assert len(prober.queued) == 1


def test_a_line_that_is_no_json_harms_no_other(send):
    token, category = make.publisher(), make.category()
    body = lines(item(category)) + b"\n{oops\n\n\xff\n" + lines(item(category)) + b"\n"
    body += b'{"title": "a", "title": "b"}\n'

    answer = send(token, body).json()

    assert [each["status"] for each in answer["items"]] == [201, 400, 400, 201, 400]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{}", 400), (b"[", 400), (b'"x"', 400), (b"null", 400), (b"[[]]", 200), (b"[]", 200)],
)
def test_an_array_that_is_none_is_refused(client, prober, body, status):
    response = client.post(
        "/api/resources/bulk", body, content_type="application/json", **make.auth(make.publisher())
    )

    assert response.status_code == status


def test_more_than_a_thousand_are_too_many(send):
    response = send(make.publisher(), b"{}\n" * 1001)

    assert response.status_code == 413
    assert "1,000" in response.json()["detail"]


def test_more_than_eight_megabytes_are_too_much(send):
    response = send(make.publisher(), b'{"a": "' + b"x" * 9_000_000 + b'"}')

    assert response.status_code == 413


def test_another_media_type_is_refused(client):
    response = client.post(
        "/api/resources/bulk", b"a,b", content_type="text/csv", **make.auth(make.publisher())
    )

    assert response.status_code == 415


def test_without_libtorrent_nothing_is_written(send, prober):
    prober.is_able = False
    token, category = make.publisher(), make.category()

    response = send(token, [item(category)])

    assert response.status_code == 503
    assert Resource.objects.count() == 0


def test_a_member_publishes_into_its_team_alone(send):
    member, category = make.member(), make.category()
    other = make.team(name="Other")

    answer = send(member, [item(category), item(category, team_id=other.pk)]).json()

    assert [each["status"] for each in answer["items"]] == [201, 403]
    assert Resource.objects.get().team_id == member.scope_team_id


@pytest.mark.parametrize("fields", ["team_id", "supersedes_id"])
def test_what_items_name_is_looked_up_once(send, fields, monkeypatch):
    monkeypatch.setattr(bulk, "CHUNK", 100)
    token, category = make.publisher(), make.category()
    keys = {
        "team_id": [make.team(token).pk] * 60,
        "supersedes_id": [make.resource(publisher=token).pk for _ in range(60)],
    }[fields]
    send(token, [item(category)])  # what is known to a process after its first request

    with CaptureQueriesContext(connection) as plain:
        send(token, [item(category) for _ in range(60)])
    with CaptureQueriesContext(connection) as named:
        send(token, [item(category, **{fields: key}) for key in keys])

    assert len(named) <= len(plain) + 1
    assert len(plain) < 40  # rows are written in as many parts as SQLite's variables allow


def test_what_is_stored_before_a_revocation_is_told(send, monkeypatch):
    monkeypatch.setattr(bulk, "CHUNK", 2)
    token, category = make.publisher(), make.category()
    real = bulk._stored

    def revoke_after(chunk, by, writer):
        found = real(chunk, by, writer)
        Token.objects.get(pk=token.pk).revoke()
        return found

    monkeypatch.setattr(bulk, "_stored", revoke_after)
    answer = send(token, [item(category) for _ in range(5)]).json()

    assert [each["status"] for each in answer["items"]] == [201, 201, 401, 401, 401]
    assert (answer["created"], answer["refused"]) == (2, 3)
    assert Resource.objects.count() == 2


def test_no_more_lines_are_read_than_may_be_sent(send, monkeypatch):
    read: list[Any] = []
    monkeypatch.setattr(bulk, "_parsed", read.append)

    response = send(make.publisher(), b"x\n" * 100_000)

    assert response.status_code == 413
    assert len(read) == bulk.MAX_ITEMS + 1


def test_faults_without_number_have_a_short_answer(send):
    strange = {f"x{n}": 1 for n in range(500)}
    items = [{"checksums": [{}] * 1000}, strange, {"checksums": [strange]}]

    answer = send(make.publisher(), items * 5)

    assert {each["status"] for each in answer.json()["items"]} == {422}
    assert len(answer.content) < 30_000


def test_a_dry_run_waits_for_nobody_and_nobody_for_it(prober, client, file_database):
    token, category = make.publisher(), make.category()
    body = json.dumps([item(category), item(category)])

    with locks.held("ghost_catalog", "teams_token", "resources_resource", patience_ms=20_000):
        answer = client.post(
            "/api/resources/bulk?dry_run=true", body, content_type="application/json",
            **make.auth(token),
        )  # fmt: skip

    assert [each["status"] for each in answer.json()["items"]] == [201, 201]


def test_a_dry_run_begins_no_transaction_that_writes(send):
    token, category = make.publisher(), make.category()
    send(token, [item(category)], "?dry_run=true")  # when it was last used is written down

    with CaptureQueriesContext(connection) as queries:
        send(token, [item(category) for _ in range(60)], "?dry_run=true")

    verbs = {query["sql"].split()[0] for query in queries}
    assert verbs <= {"SELECT", "SAVEPOINT", "RELEASE", "SET"}
    assert len(queries) < 20


def test_what_comes_while_a_part_is_checked_is_met(send, monkeypatch):
    token, category = make.publisher(), make.category()
    one, other = item(category), item(category)
    real = publish.store_many

    def brought_by_others_first(rows, by):
        make.resource(magnet_uri=one["magnet_uri"])
        return real(rows, by=by)

    monkeypatch.setattr(publish, "store_many", brought_by_others_first)

    answer = send(token, [one, other]).json()

    assert [each["status"] for each in answer["items"]] == [409, 201]
    assert Resource.objects.count() == 2


def test_each_magnet_is_parsed_once(send, monkeypatch):
    token, category = make.publisher(), make.category()
    parsed: list[str] = []
    real = magnets.parse
    monkeypatch.setattr(magnets, "parse", lambda uri: parsed.append(uri) or real(uri))

    send(token, [item(category) for _ in range(30)])

    assert len(parsed) == 30


@pytest.mark.parametrize(
    ("items", "trackers", "cost"),
    [(1, 0, 0), (1, 199, 1), (100, 0, 10), (100, 5, 15), (1000, 190, 2000)],
)
def test_items_and_trackers_count_as_requests(items, trackers, cost):
    links = "".join(("&tr=", f"&TR.{n}=")[n % 2] + "udp://t.example:1" for n in range(trackers))
    given = [{"magnet_uri": f"magnet:?xt=urn:btih:{'a' * 40}&dn=tr{links}"}] * items

    assert bulk.cost([*given, ValueError("no item")]) == cost


def test_a_bulk_uses_up_the_limit_by_its_items(send, configure, monkeypatch):
    configure(api_rate_limit=4)
    monkeypatch.setattr(rate_limit, "_counts", {})
    token, category = make.publisher(), make.category()

    first = send(token, [item(category) for _ in range(30)], "?dry_run=true")
    second = send(token, [item(category) for _ in range(100)], "?dry_run=true")
    third = send(token, [], "?dry_run=true")

    assert [r.status_code for r in (first, second, third)] == [200, 429, 429]
    assert first["X-Request-Cost"] == "4"
    assert 1 <= int(second["Retry-After"]) <= 60


def test_a_bulk_beyond_the_whole_limit_is_taken_by_who_has_some_left(send, configure, monkeypatch):
    configure(api_rate_limit=5)
    monkeypatch.setattr(rate_limit, "_counts", {})
    token, category = make.publisher(), make.category()

    answers = [send(token, [item(category) for _ in range(100)], "?dry_run=true") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
