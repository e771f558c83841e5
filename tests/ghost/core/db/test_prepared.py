"""Queries whose SQL is made once give what a queryset gives."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F, Value
from django.utils import timezone

from ghost.core.db.prepared import ASKED, Prepared
from teams.models import Token
from tests import make
from tests.presence import present

pytestmark = pytest.mark.django_db


def test_first_is_the_row_that_a_queryset_finds(django_assert_num_queries):
    rows = [
        make.publisher(name=name, expires_at=timezone.now() + timedelta(days=1)) for name in "AB"
    ]
    query = Prepared(lambda: Token.objects.filter(display_name=ASKED, role="Publisher"))

    for row in rows:
        with django_assert_num_queries(1):
            found = query.first(row.display_name)

        assert found == row
        plain = Token.objects.get(pk=row.pk)
        names = [field.attname for field in Token._meta.concrete_fields]
        assert [getattr(found, n) for n in names] == [getattr(plain, n) for n in names]
        assert not found._state.adding
    assert query.first("nobody") is None


def test_columns_left_out_are_read_when_they_are_asked_for(django_assert_num_queries):
    row = make.publisher()
    query = Prepared(lambda: Token.objects.only("role").annotate(shown=F("prefix"), one=Value(1)))

    found = present(query.first())

    assert (found.role, found.shown, found.one) == (row.role, row.prefix, 1)
    with django_assert_num_queries(1):
        assert found.token_hash == row.token_hash
