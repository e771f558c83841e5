"""Every reason that Ghost stores: known, said in Chinese too, and given what its sentence needs."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from ghost.core import errors
from ghost.core.text.reasons import CODES, WORDS, ReasonCode

APPS = ("ghost/core", "ghost/operations", "teams", "resources", "dht", "builds")
STORING = (
    "builds/covers", "builds/data", "builds/deploy", "builds/engine", "builds/feeds",
    "builds/listings", "builds/models", "builds/pages", "builds/render", "builds/search",
    "builds/tree", "dht/engine/probes.py", "dht/engine/session.py", "dht/health", "dht/models",
    "ghost/core/io/fetch.py", "ghost/core/io/programs.py",
)  # fmt: skip
"""What is raised here may be stored with a row."""


class _Asked(dict[str, object]):
    """Any parameter, remembering which ones a sentence asks for."""

    def __missing__(self, name: str) -> int:
        self[name] = 1
        return 1


def parameters(code: ReasonCode) -> set[str]:
    asked = _Asked()
    str(code.sentence % asked)
    return set(asked)


def modules(*places: str) -> Iterator[tuple[str, ast.Module]]:
    for place in places:
        path = settings.BASE_DIR / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            if "migrations" not in file.parts:
                name = ".".join(file.relative_to(settings.BASE_DIR).with_suffix("").parts)
                yield name.removesuffix(".__init__"), ast.parse(file.read_text())


def called(module: str, call: ast.Call) -> object:
    """What a call calls, as far as it is a name of the module or of a module in it."""
    names, here = [], call.func
    while isinstance(here, ast.Attribute):
        names.append(here.attr)
        here = here.value
    if not isinstance(here, ast.Name):
        return None
    found: object = importlib.import_module(module)
    for name in (here.id, *reversed(names)):
        found = getattr(found, name, None)
    return found


def calls(*places: str) -> Iterator[tuple[str, ast.Call, object]]:
    for module, tree in modules(*places):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield f"{module}:{node.lineno}", node, called(module, node)


def test_every_reason_is_given_exactly_what_its_sentence_needs():
    given = [
        (where, code.code, {str(keyword.arg) for keyword in call.keywords}, parameters(code))
        for where, call, code in calls(*APPS)
        if isinstance(code, ReasonCode)
    ]

    assert len(given) > 60
    assert [each for each in given if each[2] != each[3]] == []


def test_every_reason_has_its_own_sentence_in_chinese():
    untranslated = []
    for code in CODES.values():
        english = str(code.sentence % _Asked())
        with translation.override("zh-hans"):
            if code is not WORDS and str(code.sentence % _Asked()) == english:
                untranslated.append(code.code)

    assert untranslated == []


def test_every_reason_is_known_to_every_process():
    script = (
        "import django; django.setup();"
        "from ghost.core.text.reasons import CODES; print(*sorted(CODES), sep='\\n')"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, check=True, cwd=settings.BASE_DIR,
    )  # fmt: skip

    assert set(done.stdout.split()) >= {code for code in CODES if not code.startswith("test.")}


def test_what_may_be_stored_is_no_sentence():
    sentences = [
        where
        for where, call, made in calls(*STORING)
        if isinstance(made, type)
        and issubclass(made, errors.GhostError)
        and call.args
        and isinstance(call.args[0], ast.Constant | ast.JoinedStr)
    ]

    assert sentences == []


@pytest.mark.parametrize("place", STORING)
def test_the_places_that_may_store_a_reason_are_there(place: str):
    assert Path(settings.BASE_DIR / place).exists()
