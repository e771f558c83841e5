import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

CATALOGS = Path(settings.BASE_DIR) / "ghost" / "locale"
FOLDER = CATALOGS / "zh_Hans" / "LC_MESSAGES"
APART = [".venv", "tests", "bench", "var", "builds/site", "locale"]


def translated(catalog) -> dict[tuple[str | None, str], str]:
    """By the context and the singular; a plural has one form in Chinese."""
    return {(_context(m), _first(m.id)): _first(m.string) for m in catalog if m.id}


def _context(message) -> str | None:
    """Babel leaves it in bytes when it reads what is compiled."""
    return message.context.decode() if isinstance(message.context, bytes) else message.context


def _first(text) -> str:
    return text if isinstance(text, str) else text[0]


def _left(catalog) -> list[object]:
    """What is not translated, or only guessed."""
    return [m.id for m in catalog if m.id and (m.fuzzy or not all([m.string, *m.string]))]


def source():
    with (FOLDER / "django.po").open("rb") as file:
        return read_po(file, locale="zh_Hans")


def compiled():
    with (FOLDER / "django.mo").open("rb") as file:
        return read_mo(file)


def test_every_word_has_a_chinese_one():
    assert _left(source()) == []


def test_the_compiled_catalog_is_the_written_one():
    assert translated(compiled()) == translated(source())


def test_placeholders_are_the_same_in_both_languages():
    wrong = {m.id: [str(e) for e in m.check()] for m in source() if m.id and list(m.check())}

    assert wrong == {}


def test_the_admin_speaks_chinese():
    with translation.override("zh-hans"):
        assert gettext("Take down with a reason…") == "下架并填写理由…"
        assert gettext("Type to search") == "输入以搜索"


@pytest.mark.skipif(
    shutil.which("xgettext") is None and not os.environ.get("CI"),
    reason="gettext is not installed",
)
def test_no_word_of_the_program_is_missing_from_the_catalog(tmp_path):
    """Runs makemessages on a copy of the catalog: what it would add is what was forgotten."""
    copy = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    copy.parent.mkdir(parents=True)
    shutil.copy(FOLDER / "django.po", copy)
    script = (
        "import django; from django.conf import settings; django.setup();"
        f"settings.LOCALE_PATHS = [{str(tmp_path)!r}];"
        "from django.core.management import call_command;"
        f"call_command('makemessages', locale=['zh_Hans'], ignore_patterns={APART!r}, verbosity=0)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=settings.BASE_DIR, check=True, timeout=120)

    with copy.open("rb") as file:
        found = read_po(file, locale="zh_Hans")
    assert _left(found) == []
