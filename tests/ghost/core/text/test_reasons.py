import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone, translation

from builds import tasks
from builds.models import BuildState
from dht.engine import probes
from ghost.core.catalog.models import Catalog
from ghost.core.errors import RefusedError
from ghost.core.io import fetch
from ghost.core.text import reasons
from resources.models import DhtStatus, Resource
from tests import make

SPEAKERS = (
    "dht/engine/probes.py", "dht/health/scanner.py", "dht/models/scan.py", "dht/engine/session.py",
    "ghost/core/io/fetch.py", "builds/covers/pictures.py", "builds/covers/localizing.py",
    "builds/covers/upkeep.py", "builds/models/build.py", "builds/engine/run.py", "builds/tree/releases.py",
    "builds/render/hugo.py", "ghost/core/jobs/worker.py", "dht/probe_jobs.py",
)  # fmt: skip


def test_a_stored_reason_is_said_in_the_language_of_its_reader():
    with translation.override("zh-hans"):
        said = reasons.again("3 peers were found, but none gave the metadata within 60 s.")

    assert said == "找到 3 个用户，但 60 秒内无一给出元数据。"


def test_a_reason_that_is_not_ours_stays_as_it_is():
    with translation.override("zh-hans"):
        assert reasons.again("nobody %(there)s") == "nobody %(there)s"


def test_a_sentence_is_not_taken_for_the_value_in_another_one():
    with translation.override("zh-hans"):
        said = reasons.again("The server answered in an encoding that was not asked for.")

    assert "encoding" not in said


@pytest.mark.parametrize("sentence", [*reasons.OURS, *reasons.CHANGES])
def test_a_reader_of_english_reads_what_was_stored(sentence):
    stored = sentence.replace("%(number)s", "2").replace("%(seconds)s", "1.5")

    assert reasons.again(stored.replace("%(reason)s", "100 %")) == stored.replace(
        "%(reason)s", "100 %"
    )


@pytest.mark.parametrize("sentence", reasons.OURS)
def test_each_sentence_begins_as_one_that_is_said(sentence):
    code = "".join((settings.BASE_DIR / name).read_text() for name in SPEAKERS)
    words = re.sub(r"%\(\w+\)s|1 peer was|peers were", "", sentence).split()

    assert " ".join(words[:3]) in code


@pytest.mark.django_db
def test_every_reason_for_a_build_is_known(monkeypatch):
    monkeypatch.setattr(reasons, "gettext", lambda sentence: f"in other words: {sentence}")
    spoken = []

    for act in _changes():
        before = Catalog.get().revision
        act()
        assert Catalog.get().revision > before
        spoken.append(Catalog.get().reason)

    assert [reason for reason in spoken if reasons.again(reason) == reason] == []
    elsewhere = {"asked for by %(name)s", "%(number)s synthetic resources"}  # API, a command
    assert {_pattern_of(reason) for reason in spoken} == set(reasons.CHANGES) - elsewhere


def _pattern_of(reason: str) -> str:
    return next(said for said, pattern in reasons._PATTERNS if pattern.fullmatch(reason))


def _changes():
    """All that can move the catalog's revision, one after the other."""
    category = make.category("Films")
    yield lambda: make.resource(title="“One”", category=category)
    row = Resource.objects.get()

    def edit() -> None:
        row.title = "Two"
        row.store()

    def rename(what) -> None:
        what.display_name = "Zoe"
        what.store()

    def edit_category() -> None:
        category.name = "Work"
        category.store()

    def come_out() -> None:
        later = make.resource(published_at=timezone.now() + timedelta(hours=1))
        built = {"built_as_of": timezone.now(), "built_revision": Catalog.get().revision}
        BuildState.objects.update_or_create(pk=1, defaults=built)
        Resource.objects.filter(pk=later.pk).update(published_at=timezone.now())
        tasks.note_published()

    everything = Resource.objects.all()
    yield edit
    yield lambda: rename(row.publisher)
    yield edit_category
    yield lambda: make.category("Gone").discard()
    for status in DhtStatus:
        everything.update(dht_status="")
        yield lambda status=status: everything.record_health(status)
    yield lambda: everything.take_down(reason="asked", by="test")
    yield lambda: everything.restore()
    make.resource(title="Another")
    yield lambda: everything.take_down(reason="asked", by="test")
    yield lambda: everything.restore()
    held = make.resource(is_probed=False)
    yield lambda: Resource.objects.filter(pk=held.pk).skip_probe()
    yield come_out


def test_what_the_doors_say_is_known():
    unavailable = probes._NO_DHT
    with pytest.raises(RefusedError) as refused:
        fetch.get("ftp://example.org/", max_bytes=1, timeout_s=1)

    with translation.override("zh-hans"):
        assert reasons.again(unavailable) != unavailable
        assert reasons.again(str(refused.value)) != str(refused.value)
