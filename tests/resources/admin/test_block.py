"""Blocks: a hash in any spelling, and what it leaves public."""

import pytest

from resources.models import Block, Resource
from tests import make, operators
from tests.resources.admin.filled_forms import BLOCK, RESOURCE, add, errors

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("spelling", ["hex", "HEX", "base32", "v2", "multihash"])
def test_a_hash_is_blocked_in_any_spelling(operator, spelling):
    import base64

    v1, v2 = make.info_hash(), "ab" * 32
    text, stored = {
        "hex": (v1, v1),
        "HEX": (f" {v1.upper()} ", v1),
        "base32": (base64.b32encode(bytes.fromhex(v1)).decode(), v1),
        "v2": (v2, v2),
        "multihash": (f"1220{v2}", v2),
    }[spelling]

    add(operator, BLOCK, info_hash=text, reason="why")

    row = Block.objects.get()
    assert (row.info_hash, row.reason, row.created_by) == (stored, "why", "operator")


def test_a_hash_that_is_none_or_blocked_already_is_said_at_the_field(operator):
    blocked = make.info_hash()
    Block.objects.create(info_hash=blocked)

    nonsense = add(operator, BLOCK, info_hash="xyz", reason="")
    again = add(operator, BLOCK, info_hash=blocked.upper(), reason="")

    assert (list(errors(nonsense)), list(errors(again))) == (["info_hash"], ["info_hash"])


def test_blocking_what_is_listed_says_that_it_stays_public(operator):
    row = make.resource(title="Listed")

    answer = add(operator, BLOCK, info_hash=row.magnet_hash, reason="")

    assert "“Listed” has this hash and stays public until it is taken down." in operators.told(
        answer
    )


def test_a_hybrid_is_found_and_warned_of_by_the_half_that_its_probe_showed(operator):
    row, other = make.resource(title="Hybrid"), "ab" * 32
    Resource.objects.filter(pk=row.pk).update(other_hash=other)

    found = operator.get(operators.list_of(RESOURCE), {"q": other})
    answer = add(operator, BLOCK, info_hash=other, reason="")

    assert [r.pk for r in found.context["cl"].result_list] == [row.pk]
    assert any("“Hybrid” has this hash" in words for words in operators.told(answer))


def test_a_half_whose_twin_is_listed_is_not_offered_without_a_probe(operator):
    row, waiting = (make.resource(is_probed=False) for _ in range(2))
    Resource.objects.filter(pk=row.pk).update(other_hash="ab" * 32)

    pages = [operator.get(operators.form_of(RESOURCE, r.pk)).text for r in (row, waiting)]

    assert ["publish_unprobed" in page for page in pages] == [False, True]
