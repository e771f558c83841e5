"""Clients that public generators make of the schema list, page, create and patch (`generated_clients/`)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ghost.core.config.env import BASE_DIR
from resources.models import Resource
from tests import make

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

HERE = Path(__file__).parent / "generated_clients"
SCHEMA = BASE_DIR / "docs" / "openapi.json"
BIN = Path(sys.executable).parent


def _run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | (env or {}),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture
def asked(live_server, settings) -> dict[str, str]:
    """What the programs are told by their environment; five resources are there."""
    settings.PROBER = "tests.resources.prober.FakeProber"
    publisher = make.publisher()
    for _ in range(5):
        make.resource(publisher=publisher)
    return {
        "GHOST_URL": live_server.url,
        "GHOST_TOKEN": publisher.raw,
        "GHOST_MAGNET": make.magnet(),
        "GHOST_CATEGORY": str(make.category().pk),
    }


def _require_all(told: str) -> None:
    said, row = json.loads(told), Resource.objects.get(title="Patched")
    keys = Resource.objects.order_by("-pk").values_list("pk", flat=True)
    assert said == {
        "ids": list(keys), "id": row.pk, "title": "Patched", "published_at": None, "refused": 404,
    }  # fmt: skip
    assert len(keys) == 6
    assert row.published_at is None


def test_a_client_in_python_lists_pages_creates_and_patches(asked, tmp_path):
    made = tmp_path / "made_client"
    _run(
        BIN / "openapi-python-client", "generate", "--path", SCHEMA, "--meta", "none",
        "--output-path", made, cwd=tmp_path, env={"PATH": f"{BIN}:{os.environ['PATH']}"},
    )  # fmt: skip

    told = _run(
        sys.executable,
        HERE / "with_python.py",
        cwd=tmp_path,
        env=asked | {"PYTHONPATH": str(tmp_path)},
    )

    _require_all(told)


@pytest.fixture(scope="module")
def typescript(tmp_path_factory) -> Path:
    """A folder with both clients made, and what they need installed."""
    if shutil.which("npm") is None and not os.environ.get("CI"):
        pytest.skip("npm is not installed (Debian: npm)")
    folder = tmp_path_factory.mktemp("clients") / "typescript"
    shutil.copytree(HERE, folder)
    _run("npm", "ci", "--no-audit", "--no-fund", cwd=folder)
    (folder / "made").mkdir()
    _run("npx", "--no-install", "openapi-typescript", SCHEMA, "-o", "made/schema.ts", cwd=folder)
    _run("npx", "--no-install", "openapi-ts", "-i", SCHEMA, "-o", "made/sdk", cwd=folder)
    _run("npx", "--no-install", "tsc", "-p", ".", cwd=folder)
    return folder


@pytest.mark.parametrize("program", ["typed_fetch", "sdk"])
def test_a_client_in_typescript_lists_pages_creates_and_patches(typescript, asked, program):
    _run(
        "npx", "--no-install", "esbuild", f"{program}.ts", "--bundle", "--platform=node",
        "--format=esm", f"--outfile={program}.mjs", cwd=typescript,
    )  # fmt: skip

    _require_all(_run("node", f"{program}.mjs", cwd=typescript, env=asked))
