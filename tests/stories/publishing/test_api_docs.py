"""The API's documentation: every curl of docs/api.md is run, and /api/docs opened in Chromium."""

import json
import os
import re
import shutil
import subprocess

import pytest

from ghost.api import events
from ghost.api.root import api
from ghost.core.config.env import BASE_DIR
from ghost.demo import seeds
from resources.models import Resource
from tests import make
from tests.browser import needs_chromium, visit
from tests.builds import pictures
from tests.installation import wait_for
from tests.presence import present

DOC = (BASE_DIR / "docs" / "api.md").read_text()
SECTION = re.compile(r"^### (?P<title>.+?)$(?P<text>.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
STATUS = re.compile(r"^`(\d{3})`", re.MULTILINE)


def shape(value):
    """The keys of an answer, as deep as the example goes."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value and isinstance(value[0], dict) else "list"
    return type(value).__name__ if value is None or isinstance(value, str) else "value"


def is_as_shown(shown, given) -> bool:
    if isinstance(shown, dict):
        are_same = shown.keys() == given.keys()
        return not shown or (are_same and all(is_as_shown(shown[k], given[k]) for k in shown))
    if isinstance(shown, list) and given != "list":
        return is_as_shown(shown[0], given[0])
    return shown == given or "NoneType" not in (shown, given) or "str" not in (shown, given)


def test_every_operation_has_a_section():
    schema = api.get_openapi_schema()
    there = {
        f"`{method.upper()} {re.sub('{.+?}', '{id}', path.removeprefix('/api'))}`"
        for path, methods in schema["paths"].items()
        for method in methods
    }
    titles = "\n".join(match["title"] for match in SECTION.finditer(DOC))

    assert {name for name in there if name not in titles} == set()


@pytest.mark.skipif(
    shutil.which("curl") is None and not os.environ.get("CI"), reason="curl is not installed"
)
@pytest.mark.django_db(transaction=True, reset_sequences=True)
def test_examples_do_what_they_say(live_server, settings, monkeypatch, tmp_path):
    settings.PROBER = "tests.resources.prober.FakeProber"
    # Nobody can make up an info section that has the example's hash.
    monkeypatch.setattr("resources.torrents.metainfo.make", lambda found, magnet: b"d4:infodee")
    publisher = make.publisher(name="Pia")
    (tmp_path / "cover.png").write_bytes(pictures.image())
    (tmp_path / "work.torrent").write_bytes(
        seeds.make(tmp_path, "work", {"a.csv": b"x" * 20_000}, seeds.Version.V1).body
    )
    env = {
        **os.environ,
        "GHOST": f"{live_server.url}/api",
        "ADMIN": make.admin().raw,
        "PUBLISHER": publisher.raw,
        "OLD_HASH": make.publisher(name="Old").token_hash,
        "OTHER_HASH": make.publisher(name="Other").token_hash,
        "no_proxy": "*",
    }
    for section in SECTION.finditer(DOC):
        if section["title"].startswith(
            ("`POST /resources/{id}/approve`", "`POST /resources/{id}/send-")
        ):
            Resource.objects.filter(pk=1).ask_review()
        example, *answer = BLOCK.finditer(section["text"])
        command = example["body"].replace("curl ", "curl -sS -w '\\n%{http_code}' ")
        output = subprocess.run(
            ["bash", "-c", command],
            env=env, cwd=tmp_path, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

        *body, status = output.splitlines()
        told = present(STATUS.search(section["text"], example.end()))
        assert status == told[1], (section["title"], output)
        if answer:
            given, shown = (shape(json.loads(t)) for t in ("\n".join(body), answer[0]["body"]))
            assert is_as_shown(shown, given), (section["title"], output)
    # Its thread reads the database until the last listener is gone.
    hub = events._hub()
    wait_for("the end of the event streams", lambda: not (hub._listeners or hub._left))


@needs_chromium
@pytest.mark.django_db(transaction=True)
def test_interactive_docs_render_under_the_security_policy(live_server):
    with visit() as seen:
        seen.page.goto(f"{live_server.url}/api/docs")
        seen.page.locator("#operations-resources-resource_create").click()
        seen.page.get_by_text("Try it out").wait_for()

    assert seen.told == []
    assert [url for url in seen.asked if not url.startswith(live_server.url)] == []
