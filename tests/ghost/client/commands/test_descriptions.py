"""A line for each fact that there is."""

from ghost.client.commands.descriptions import describe_site, describe_task
from ghost.client.resource_fields import shown_moment


def test_site_tells_what_is_being_built():
    build = {
        "building": {"stage": "render", "progress": {"done": 2, "total": 5}},
        "pending_changes": True,
        "pending_reason": "resource.created",
        "last_build_at": "2026-01-31T12:00:00Z",
        "last_error": None,
    }
    session = {"role": "Admin", "display_name": "Ada\x1b[2J", "scope_team_id": None}

    assert describe_site({"session": session, "build": build}) == [
        "token     Admin “Ada [2J”",
        "site      has changes to be built",
        "because   resource.created",
        "building  render",
        "progress  2 of 5",
        f"built     {shown_moment('2026-01-31T12:00:00Z')}",
    ]


def test_task_tells_its_place_in_the_queue():
    task = {
        "task_id": "0f", "kind": "probe", "status": "queued", "queue_rank": 3, "queue_total": 9,
        "stage": "", "progress": None, "started_at": None, "finished_at": None, "error": None,
        "result": {},
    }  # fmt: skip

    assert describe_task(task) == [
        "task    0f",
        "kind    probe",
        "status  queued",
        "queue   3 of 9",
    ]
