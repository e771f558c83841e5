"""Files that are named on the command line."""

import pytest

from ghost.client import SetupError
from ghost.client.commands.inputs import opened, read_bytes, read_text


def test_text_is_read_without_its_byte_order_mark(tmp_path):
    (tmp_path / "body.md").write_bytes(b"\xef\xbb\xbfWords")

    assert read_text(str(tmp_path / "body.md")) == "Words"
    assert read_text(None) is None


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "body.md").write_bytes(b"\xff")

    with pytest.raises(SetupError, match="is not UTF-8"):
        read_text(str(tmp_path / "body.md"))


@pytest.mark.parametrize("read", [read_bytes, opened])
def test_missing_file_is_named(read):
    with pytest.raises(SetupError, match="nowhere can't be read: No such file"):
        read("nowhere")
