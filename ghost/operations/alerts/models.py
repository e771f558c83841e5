"""What is wrong, since when, and what was told of it; what operators set about each rule; whose turn it is to look."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ghost.core import process
from ghost.core.audit import trail
from ghost.core.db import clock
from ghost.core.db.fields import ReasonField
from ghost.operations.alerts import rules
from ghost.operations.alerts.findings import Finding
from ghost.operations.alerts.levels import Level, rank
from ghost.operations.alerts.silence import Silenceable

WELL_FOR = timedelta(seconds=25)
"""Something is over once two looks in a row found nothing."""
LONGEST_WELL_FOR = timedelta(hours=1)
FLAPPING_WITHIN = timedelta(hours=2)
"""What comes back within this has to stay well for twice as long as before."""


class AlertRuleQuerySet(models.QuerySet["AlertRule"]):
    """What operators set, a row for each rule."""

    def is_out_of_step(self) -> bool:
        """Whether a rule has no row, or a row no rule."""
        return set(self.values_list("name", flat=True)) != set(rules.RULES)

    def sync(self) -> None:
        """Make a row for each rule, and drop the others. Safe to repeat."""
        self.exclude(name__in=rules.RULES).delete()
        rows = [AlertRule(name=name) for name in rules.RULES]
        self.bulk_create(rows, ignore_conflicts=True)

    def by_name(self) -> dict[str, AlertRule]:
        """One for each rule, stored or not."""
        stored = {row.name: row for row in self.all()}
        return {name: stored.get(name) or AlertRule(name=name) for name in rules.RULES}


class AlertRule(Silenceable):
    """What operators set about a rule; what it looks at stands in `ghost.operations.alerts.rules`."""

    SUBJECT = "alertrule"

    name = models.CharField(_("name"), max_length=40, primary_key=True, editable=False)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    limit = models.FloatField(_("limit"), null=True, blank=True)
    """None: the rule's own. What it means, and its bounds: `Rule.limit`."""
    wait_s = models.PositiveIntegerField(_("wait in seconds"), null=True, blank=True)
    """How long it has to be so before anybody is told; None: the rule's own."""

    objects = AlertRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert rule")
        verbose_name_plural = _("alert rules")
        ordering = ["name"]

    def __str__(self) -> str:
        return str(self.rule.title) if self.rule else self.name

    @property
    def rule(self) -> rules.Rule | None:
        """What it is about; None of a row that another version left."""
        return rules.RULES.get(self.name)

    @property
    def limit_in_force(self) -> float:
        """The limit that is looked at; 0 for a rule that has none."""
        own = self.rule.limit.default if self.rule and self.rule.limit else 0.0
        return own if self.limit is None else self.limit

    @property
    def wait_in_force(self) -> timedelta:
        """How long it has to be so."""
        own = self.rule.wait_s if self.rule else 0
        return timedelta(seconds=own if self.wait_s is None else self.wait_s)

    def clean(self) -> None:
        """ValidationError for a limit that makes no sense."""
        limit = self.rule.limit if self.rule else None
        if self.limit is not None and limit is None:
            raise ValidationError({"limit": _("This rule has no limit.")})
        if self.limit is not None and limit and not limit.least <= self.limit <= limit.most:
            told = _("Must be from %(least)g to %(most)g.")
            raise ValidationError({"limit": told % {"least": limit.least, "most": limit.most}})
        if self.wait_s is not None and self.wait_s > rules.LONGEST_WAIT_S:
            most = _("Must be %(most)d at most.") % {"most": rules.LONGEST_WAIT_S}
            raise ValidationError({"wait_s": most})

    def change(self, **values: Any) -> None:  # noqa: ANN401  # of its own fields
        """Set these fields, as an operator wants it; ValidationError for what can't be."""
        with transaction.atomic():
            self._take()
            before = {name: getattr(self, name) for name in values}
            for name, value in values.items():
                setattr(self, name, value)
            self.full_clean(validate_unique=False)
            self.save(update_fields=list(values))
            trail.record("alertrule.change", self, before, values)

    def toggle(self) -> bool:
        """Switch it off or on; whether it is on now."""
        with transaction.atomic():
            self._take()
            self.change(is_enabled=not self.is_enabled)
        return self.is_enabled

    def _take(self) -> None:
        """As it stands now, whatever others set since this was read; they wait until the transaction ends."""
        AlertRule.objects.get_or_create(name=self.name)
        self.refresh_from_db(from_queryset=AlertRule.objects.select_for_update())


class AlertQuerySet(models.QuerySet["Alert"]):
    """What is wrong, or was."""

    def firing(self) -> Self:
        """What is wrong now, the worst first."""
        worst = models.Case(models.When(level=Level.CRITICAL, then=0), default=1)
        return self.filter(state=Alert.State.FIRING).order_by(worst, "-fired_at")

    def shown(self) -> Self:
        """What is wrong, and what was: not what was seen a moment ago for the first time."""
        return self.exclude(fired_at=None)

    def see(
        self,
        findings: Iterable[Finding],
        waits: dict[str, timedelta],
        now: datetime,
        unseen: Collection[str] = (),
    ) -> None:
        """Bring the rows up to date with what was found. Those of rules of which nobody can tell whether
        they hold stay as they are. Within a transaction."""
        rows = {(row.rule, row.subject): row for row in self.select_for_update()}
        for finding in findings:
            row = rows.pop((finding.rule, finding.subject), None)
            row = row or Alert(rule=finding.rule, subject=finding.subject)
            row.be_found(finding, waits.get(finding.rule, timedelta(0)), now)
        for row in rows.values():
            if row.rule not in unseen:
                row.be_missed(now)

    def over_before(self, moment: datetime) -> Self:
        """Those that have been over since before then."""
        return self.filter(state=Alert.State.OVER, ended_at__lt=moment)


class Alert(Silenceable):
    """One thing that is wrong by one rule, or was. What was told is compared with what is."""

    SUBJECT = "alert"

    class State(models.TextChoices):
        """How it stands."""

        PENDING = "pending", _("seen, not told yet")
        FIRING = "firing", _("wrong")
        OVER = "over", _("over")

    rule = models.CharField(_("rule"), max_length=40)
    subject = models.CharField(_("what"), max_length=200, blank=True)
    """Which disk, target or host; empty where there is one alone."""
    level = models.CharField(_("level"), max_length=10, choices=Level)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING)
    reason = ReasonField(_("what is wrong"))
    advice = ReasonField(_("what to do"))
    since = models.DateTimeField(_("since"))
    fired_at = models.DateTimeField(_("told first"), null=True)
    """When it had been so for long enough; the last time."""
    well_since = models.DateTimeField(null=True)
    """Since when nothing was found of it, while it is not over yet."""
    ended_at = models.DateTimeField(_("over since"), null=True)
    returns = models.PositiveSmallIntegerField(_("came back"), default=0)
    """How often it came back soon after it was over."""
    told = models.CharField(_("told"), max_length=10, blank=True)
    """The level that was told last; empty if nothing, or that it is over."""
    told_at = models.DateTimeField(_("told at"), null=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-since", "-id"]
        constraints = [models.UniqueConstraint(fields=["rule", "subject"], name="ghost_one_alert")]

    def __str__(self) -> str:
        rule = rules.RULES.get(self.rule)
        title = str(rule.title) if rule else self.rule
        return f"{title}: {self.subject}" if self.subject else title

    def be_found(self, finding: Finding, wait: timedelta, now: datetime) -> None:
        """It is so. After `wait` of that, it is to be told."""
        if self.state == self.State.OVER or self.pk is None or self.since > now:
            self.state, self.since = self.State.PENDING, now
        self.well_since, self.level = None, finding.level
        self.reason, self.advice = finding.reason, finding.advice
        if self.state == self.State.PENDING and now - self.since >= wait:
            self._fire(now)
        self.save()

    def _fire(self, now: datetime) -> None:
        is_back = self.ended_at is not None and now - self.ended_at < FLAPPING_WITHIN
        self.returns = min(self.returns + 1, 1000) if is_back else 0
        self.state, self.fired_at = self.State.FIRING, now

    def be_missed(self, now: datetime) -> None:
        """It is not so. After some time of that it is over."""
        if self.state == self.State.PENDING:
            self._forget()
        elif self.state == self.State.FIRING:
            if self.well_since is None or self.well_since > now:
                self.well_since = now
            if now - self.well_since >= self.well_for:
                self.state, self.ended_at = self.State.OVER, now
            self.save()

    def _forget(self) -> None:
        """It passed before it was told: as if it had not been."""
        if self.fired_at is None:
            self.delete()
        else:
            self.state = self.State.OVER
            self.save()

    @property
    def well_for(self) -> timedelta:
        """How long nothing must be found of it until it is over: longer each time that it comes back."""
        doubled: int = 2 ** min(self.returns, 16)
        return min(WELL_FOR * doubled, LONGEST_WELL_FOR)

    @property
    def is_to_tell(self) -> bool:
        """Whether it stands worse than what was told last, or is over after something was told."""
        if self.state == self.State.FIRING:
            return rank(self.level) > rank(self.told)
        return self.state == self.State.OVER and bool(self.told)

    def note_told(self, now: datetime) -> None:
        """What is to be told has been written."""
        self.told = self.level if self.state == self.State.FIRING else ""
        self.told_at = now
        self.save(update_fields=["told", "told_at"])


class AlertWatchQuerySet(models.QuerySet["AlertWatch"]):
    """The one row that says who looked last."""

    def claim(self, every: timedelta) -> bool:
        """Whether it is the caller's turn to look: nobody has for so long. Of many one gets it."""
        now = clock.now()
        AlertWatch.objects.get_or_create(pk=1)
        # A moment that is far off was written by a clock that ran ahead; a near one by who was faster.
        is_odd = Q(looked_at__gt=now + every)
        is_time = Q(looked_at__lte=now - every) | is_odd | Q(looked_at=None)
        mine = {"looked_at": now, "looked_by": process.name()}
        return self.filter(is_time, pk=1).update(**mine) == 1


class AlertWatch(models.Model):
    """One row: when alerts were looked after last, and by which process."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    looked_at = models.DateTimeField(null=True)
    looked_by = models.CharField(max_length=process.MAX_CHARS, blank=True)
    digest_until = models.DateTimeField(null=True)
    """Up to when the last digest told."""

    objects = AlertWatchQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(name="ghost_one_watch", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return f"{self.looked_by} {self.looked_at}"
