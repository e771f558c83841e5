"""Where the token is kept."""

import pytest

pytestmark = pytest.mark.django_db(transaction=True)


def test_token_is_read_from_its_file_which_others_may_not_read(token_file, ghost):
    alone = ghost("status")
    token_file.chmod(0o640)
    shared = ghost("status")
    token_file.unlink()
    gone = ghost("status")

    assert (alone[0], shared[0], gone[0]) == (0, 2, 2)
    assert f"chmod 600 {token_file}" in shared[2]
    assert f"write it to {token_file}" in gone[2]
