"""The prober that the settings name does what the catalog asks of it."""

import inspect

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from resources.publishing import prober
from tests.resources.prober import FakeProber

CALLS = ("require", "enqueue", "wait")


def test_the_calls_are_all_that_the_protocol_has():
    assert {name for name in vars(prober.Prober) if not name.startswith("_")} == set(CALLS)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "name", ["dht.prober.LibtorrentProber", "tests.resources.prober.FakeProber"]
)
def test_an_implementation_takes_the_same_arguments(name, call):
    wanted = inspect.signature(getattr(prober.Prober, call)).parameters.values()
    taken = inspect.signature(getattr(import_string(name), call)).parameters.values()

    assert [(p.name, p.kind) for p in taken] == [(p.name, p.kind) for p in wanted]


def test_the_settings_choose_it(monkeypatch):
    monkeypatch.setattr(settings, "PROBER", "tests.resources.prober.FakeProber")

    assert isinstance(prober.prober(), FakeProber)
