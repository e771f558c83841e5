"""The API's root: every route is guarded, every error is a problem, the schema is the truth."""

import json

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ghost.api.root import api
from ghost.core.config.env import BASE_DIR
from resources.models import Category, Resource
from teams.models import Token
from tests import make

pytestmark = pytest.mark.django_db

SCHEMA = api.get_openapi_schema()


def problem(response) -> dict:
    """The answer, once it is known to be a problem in full."""
    body = response.json()
    assert response.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "request_id"} <= body.keys()
    assert body["status"] == response.status_code
    assert body["request_id"] == response.headers["X-Request-ID"]
    return body


def operations():
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in SCHEMA["paths"].items()
        for method, operation in methods.items()
    ]


def test_committed_schema_is_the_live_one():
    committed = json.loads((BASE_DIR / "docs" / "openapi.json").read_text())

    assert committed == json.loads(json.dumps(SCHEMA)), "run `make openapi`"


@pytest.mark.parametrize(("name", "operation"), operations())
def test_operation_declares_security_id_and_problems(name, operation):
    media = {
        status: list(answer["content"])
        for status, answer in operation["responses"].items()
        if status >= 400
    }

    is_torznab = operation["operationId"] == "torznab_search"
    assert {"Bearer": []} in operation["security"]
    assert ({"ApiKey": []} in operation["security"]) is is_torznab
    assert {401, 403} <= media.keys()
    told_in = "application/xml" if is_torznab else "application/problem+json"
    assert set(map(tuple, media.values())) == {(told_in,)}


def test_operation_ids_are_unique():
    ids = [operation["operationId"] for _name, operation in operations()]

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_unknown_path_is_a_problem(client, method):
    response = getattr(client, method)("/api/no/such/thing")

    assert problem(response)["status"] == 404


@pytest.mark.parametrize("path", ["/api/", "/api/resources/", "/api/resources/x", "/api/teams/1"])
def test_path_that_is_nearly_right_is_a_problem(client, path):
    assert problem(client.get(path, **make.auth(make.admin())))["status"] == 404


def test_wrong_method_is_a_problem_that_names_the_right_ones(client):
    response = client.delete("/api/resources", **make.auth(make.admin()))

    assert problem(response)["status"] == 405
    assert sorted(response.headers["Allow"].split(", ")) == ["GET", "HEAD", "OPTIONS", "POST"]


def post(client, body, *, content_type="application/json", path="/api/resources", token=None):
    return client.generic(
        "POST", path, body, content_type=content_type, **make.auth(token or make.publisher())
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"nonsense", 400),
        (b"\xff\xfe{}", 400),
        (b'{"title": "\xff"}', 400),
        (b'{"title": "\\ud800"}', 400),
        (b'{"title": NaN}', 400),
        (b'{"title": "a", "title": "b"}', 400),
        (b'{"title": "a", "t\\u0069tle": "b"}', 400),
        (b'{"title": [{"a": 1, "a": 1}]}', 400),
        (b"[" * 100_000 + b"]" * 100_000, 400),
        (b'{"category_id": ' + b"9" * 5000 + b"}", 400),
        (b'{"category_id": ' + b"9" * 30 + b"}", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b"null", 422),
        (b"12", 422),
        (b'{"title": "a\\u0000b"}', 422),
        (b" " * 3_000_000, 413),
    ],
    ids=range(19),
)
def test_bad_body_is_the_askers_fault(client, body, status):
    response = post(client, body)

    assert problem(response)["status"] == status
    assert Resource.objects.count() == 0


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "x"],
)
def test_other_media_types_are_refused(client, content_type):
    response = post(client, b'{"title": "x"}', content_type=content_type)

    assert problem(response)["status"] == 415


@pytest.mark.parametrize(
    "path",
    [
        f"/api/resources/{2**63}",
        f"/api/resources/{10**40}",
        f"/api/resources/{'9' * 5000}",
        "/api/resources/0",
        "/api/resources/-1",
        "/api/resources/%00",
        "/api/resources/%ff",
        "/api/resources/١",
        f"/api/resources?category_id={2**63}",
        f"/api/resources?cursor={10**40}",
        f"/api/resources?cursor={'9' * 5000}",
        "/api/resources?cursor=x",
        "/api/resources?limit=0",
        "/api/resources?limit=1001",
        "/api/resources?q=%00",
        "/api/resources?q=%ff",
        "/api/resources?q=%ed%a0%80",
        "/api/resources?tag=%ff",
        "/api/resources?tag=%00",
        "/api/resources?state=gone",
    ],
)
def test_hostile_address_is_the_askers_fault(client, path):
    response = client.get(path, **make.auth(make.admin()))

    assert problem(response)["status"] in {404, 422}


@pytest.mark.parametrize("query", ["q=%25_", "q=%ef%bf%bd", "x=%ff", "x=1", "limit=1000"])
def test_odd_query_is_answered(client, query):
    assert client.get(f"/api/resources?{query}", **make.auth(make.admin())).status_code == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["title", "magnet_uri", "category_id", "content_markdown", "cover_image_url", "tags",
     "team_id", "published_at", "other"]
)  # fmt: skip
TEXTS = st.text() | st.text("mag:?xt=urn:bih1220&%ﬀ\u202e0123456789abcdef", max_size=120)


@given(body=st.dictionaries(FIELDS, JSON | TEXTS | st.datetimes().map(str)))
@hypothesis_settings(suppress_health_check=list(HealthCheck))
def test_no_body_makes_a_fault_of_ours(client, body):
    fitting = {"title": "x", "magnet_uri": make.magnet(), "category_id": 10**6}

    response = post(client, json.dumps(fitting | body).encode())

    assert problem(response)["status"] in {400, 403, 409, 422}


def test_errors_name_the_fields(client):
    body = {"title": "", "tags": ["ok", 5], "category_id": "1", "colour": "red"}

    response = post(client, json.dumps(body).encode())

    fields = {error["field"] for error in problem(response)["errors"]}
    assert (response.status_code, fields) == (
        422,
        {"title", "tags.1", "category_id", "colour", "magnet_uri"},
    )


def test_unexpected_error_tells_nothing(client, monkeypatch, caplog):
    client.raise_request_exception = False
    monkeypatch.setattr(Category.objects, "tree", lambda: dict[str, str]()["secret detail"])

    response = client.get("/api/categories/tree", **make.auth(make.admin()))

    assert problem(response)["status"] == 500
    assert b"secret detail" not in response.content
    assert "secret detail" in caplog.text


def test_unexpected_error_tells_nothing_in_debug(client, monkeypatch, settings):
    settings.DEBUG = True
    client.raise_request_exception = False
    monkeypatch.setattr(Category.objects, "tree", lambda: dict[str, str]()["secret detail"])

    response = client.get("/api/categories/tree", **make.auth(make.admin()))

    assert problem(response)["status"] == 500
    assert b"secret detail" not in response.content


def test_locked_database_is_an_outage(client, monkeypatch):
    def locked():
        raise OperationalError("database is locked")

    monkeypatch.setattr(Category.objects, "tree", locked)

    response = client.get("/api/categories/tree", **make.auth(make.admin()))

    assert problem(response)["status"] == 503
    assert response.headers["Retry-After"] == "30"


def test_race_that_only_the_database_saw_is_a_conflict(client, monkeypatch):
    token = make.publisher()
    make.team(token, "Same")
    monkeypatch.setattr("teams.models.Team.full_clean", lambda self: None)

    response = post(client, b'{"name": "Same"}', path="/api/teams", token=token)

    assert problem(response)["status"] == 409


def test_foreign_host_is_a_problem(client):
    response = client.get("/api/teams", headers={"host": "evil.example"})

    assert problem(response)["status"] == 400


def test_session_cookie_opens_nothing(client, admin_user):
    client.force_login(admin_user)

    response = client.get("/api/resources")

    assert problem(response)["status"] == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_request_id_of_a_proxy_is_kept(client):
    response = client.get("/api/teams", headers={"X-Request-ID": "proxy-1234"})

    assert problem(response)["request_id"] == "proxy-1234"


def test_docs_are_served_from_here_alone(client):
    response = client.get("/api/docs")

    assert response.status_code == 200
    assert b"//cdn" not in response.content
    assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_nothing_is_written_for_a_request_that_fails(client):
    token = make.admin()

    post(client, b'{"display_name": ""}', path="/api/admin/tokens/publisher", token=token)

    assert list(Token.objects.all()) == [token]
    assert django_settings.DATABASES["default"]["ATOMIC_REQUESTS"] is False


@pytest.mark.django_db
def test_a_body_in_chunks_is_not_taken_for_none(client):
    # An invitation would lose its expiry: to Django such a body is empty.
    team = make.team(owner := make.publisher())

    response = client.post(
        f"/api/teams/{team.pk}/invites",
        headers=make.auth(owner)["headers"] | {"Transfer-Encoding": "chunked"},
    )

    assert response.status_code == 411
    assert team.members.count() == 0


@pytest.mark.parametrize(
    ("content_type", "body", "told"),
    [
        ("text/plain", b"{}", "请求正文必须是 application/json。"),
        ("application/json", b" " * 2_500_001, "请求正文不得超过 2.5 MB。"),
        (
            "application/json",
            b"{",
            "请求正文不是 JSON：第 1 行第 1 列。",
        ),
    ],
)
def test_what_is_wrong_with_a_body_is_told_in_the_callers_language(
    client, content_type, body, told
):
    answer = client.post(
        "/api/resources",
        body,
        content_type=content_type,
        headers=make.auth(make.publisher())["headers"] | {"Accept-Language": "zh-hans"},
    )

    assert answer.json()["detail"] == told
