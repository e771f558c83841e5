"""What operators were told of, and what was wrong."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ghost.core.text.reasons import ReasonCode
from ghost.operations.alerts.models import Alert
from ghost.operations.channels.models import Delivery
from ghost.operations.retention.bound import Bound, keep_days, of_rows

BOUNDS: tuple[Bound, ...] = (
    of_rows(
        "alerts", ReasonCode("retention.alerts", _("alerts that are over")),
        lambda before: Alert.objects.over_before(before),
        where="ghost.Alert", keep=keep_days, is_by_days=True,
    ),
    of_rows(
        "alert-messages", ReasonCode("retention.alert_messages", _("messages to operators")),
        lambda before: Delivery.objects.written_before(before),
        where="ghost.Delivery", keep=keep_days, is_by_days=True,
    ),
)  # fmt: skip
