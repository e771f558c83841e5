import threading

import pytest

from ghost.core.logs import context


@pytest.fixture(autouse=True)
def no_context(monkeypatch):
    monkeypatch.setattr(context, "_of_process", context.Context())
    context.begin_task("")


def in_thread(call):
    found = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    thread.join()
    return found[0]


def test_threads_of_a_worker_work_for_its_task():
    context.begin_task("a1", "r1")

    with context.within_build(7):
        told = in_thread(context.current)

    assert told.ids == {"request_id": "r1", "task_id": "a1", "build_id": "7"}
    assert context.current().build_id == ""


def test_threads_of_a_web_server_work_for_themselves():
    context.begin_request("r1")

    assert in_thread(context.current).ids == dict.fromkeys(context.current().ids, "")


def test_a_build_within_a_build_is_told_until_it_ends():
    with context.within_build(7):
        with context.within_build(8):
            inner = context.current().build_id
        assert (inner, context.current().build_id) == ("8", "7")
