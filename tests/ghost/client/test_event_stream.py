"""Server-sent events as they are written."""

from ghost.client import event_stream


def test_events_are_read_as_they_are_written():
    stream = (
        b"retry: 3000\n\nid: 4\n\n: still here\n\n"
        b'id: 5\nevent: task\ndata: {"event_id":7}\n\n'
        b'id: 8\ndata: {"event_id":8}\n\n'
    )

    read = list(event_stream.parse(stream.split(b"\n")[:-1]))

    assert [each for each in read if "event" in each] == [
        {"event": "task", "last_event_id": 5, "event_id": 7},
        {"event": "message", "last_event_id": 8, "event_id": 8},
    ]
    assert [each["last_event_id"] for each in read] == [0, 4, 4, 4, 5, 8]
