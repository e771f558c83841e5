import gc
import threading

import pytest
from django.db import connection, transaction

from ghost.core.db import garbage
from tests import make

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="its writers wait for no lock"),
]


def test_none_is_collected_while_the_write_lock_is_held():
    before = gc.isenabled()

    with transaction.atomic():
        make.publisher()
        within = gc.isenabled()
        with transaction.atomic():
            make.publisher()
        after_a_part = gc.isenabled()

    assert (before, within, after_a_part, gc.isenabled()) == (True, False, False, True)


def test_it_is_collected_again_after_what_was_undone():
    with pytest.raises(ValueError, match="undone"), transaction.atomic():
        raise ValueError("undone")

    assert gc.isenabled()


def test_the_last_of_several_lets_it_be_collected():
    threads = [threading.Thread(target=garbage.hold_back) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(7):
        garbage.let_go()
    held = gc.isenabled()

    garbage.let_go()

    assert (held, gc.isenabled()) == (False, True)
