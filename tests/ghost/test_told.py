import re

import pytest
from django.conf import settings
from django.utils import translation

from dht import probes
from ghost import fetch, told
from ghost.errors import RefusedError

SPEAKERS = (
    "dht/probes.py", "dht/scan.py", "dht/models/scan.py", "dht/swarm.py",
    "ghost/fetch.py", "builds/covers/pictures.py", "builds/covers/localizing.py",
    "builds/covers/upkeep.py",
)  # fmt: skip


def test_a_stored_reason_is_said_in_the_language_of_its_reader():
    with translation.override("zh-hans"):
        said = told.again("3 peers were found, but none gave the metadata within 60 s.")

    assert said == "找到 3 个用户，但 60 秒内无一给出元数据。"


def test_a_reason_that_is_not_ours_stays_as_it_is():
    with translation.override("zh-hans"):
        assert told.again("nobody %(there)s") == "nobody %(there)s"


def test_a_sentence_is_not_taken_for_the_value_in_another_one():
    with translation.override("zh-hans"):
        said = told.again("The server answered in an encoding that was not asked for.")

    assert "encoding" not in said


@pytest.mark.parametrize("sentence", told.OURS)
def test_a_reader_of_english_reads_what_was_stored(sentence):
    stored = sentence.replace("%(number)s", "2").replace("%(seconds)s", "1.5")

    assert told.again(stored.replace("%(reason)s", "100 %")) == stored.replace(
        "%(reason)s", "100 %"
    )


@pytest.mark.parametrize("sentence", told.OURS)
def test_each_sentence_begins_as_one_that_is_said(sentence):
    code = "".join((settings.BASE_DIR / name).read_text() for name in SPEAKERS)
    words = re.sub(r"%\(\w+\)s|1 peer was|peers were", "", sentence).split()

    assert " ".join(words[:3]) in code


def test_what_the_doors_say_is_known():
    unavailable = probes._NO_DHT
    with pytest.raises(RefusedError) as refused:
        fetch.get("ftp://example.org/", max_bytes=1, timeout_s=1)

    with translation.override("zh-hans"):
        assert told.again(unavailable) != unavailable
        assert told.again(str(refused.value)) != str(refused.value)
