"""What monitors look back at: samples of hosts, and slow calls."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ghost.core.measurements.models import SLOW_KEPT, SlowCall
from ghost.core.text.reasons import ReasonCode
from ghost.operations.retention.bound import Bound, of_rows
from ghost.operations.samples.models import KEPT, Sample

BOUNDS: tuple[Bound, ...] = (
    of_rows(
        "samples", ReasonCode("retention.samples", _("samples of how busy hosts were")),
        lambda before: Sample.objects.outdated(before),
        where="ghost.Sample", keep=lambda: KEPT,
    ),
    of_rows(
        "slow-calls", ReasonCode("retention.slow_calls", _("slow requests, queries and tasks")),
        lambda before: SlowCall.objects.outdated(before),
        where="ghost.SlowCall", keep=lambda: SLOW_KEPT,
    ),
)  # fmt: skip
