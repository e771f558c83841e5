"""Lists of entries, their pages, and which entry stands where. See docs/decisions/0010 and 0027."""

from __future__ import annotations

from django.db import models


class Listing(models.Model):
    """A list of entries: all, those of a category, tag, publisher or team, or of a month.

    Its pages are numbered from the oldest; the last one has the bare address.
    """

    class Kind(models.TextChoices):
        """What the entries of a listing share."""

        ALL = "all"
        CATEGORY = "category"
        TAG = "tag"
        PUBLISHER = "publisher"
        TEAM = "team"
        MONTH = "month"

    kind = models.CharField(max_length=10, choices=Kind)
    key = models.CharField(max_length=200)
    """Id of the category, publisher or team; slug of the tag; `2026-01`; empty for all."""
    count = models.PositiveIntegerField(default=0)
    last = models.PositiveIntegerField(default=1)
    gaps = models.JSONField(default=list)
    """Numbers below `last` of pages that are no more."""
    spellings: models.JSONField[dict[str, int]] = models.JSONField(default=dict)
    """Of a tag: how many entries spell it how."""

    class Meta:
        constraints = [models.UniqueConstraint("kind", "key", name="builds_listing_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}".rstrip()

    @property
    def name(self) -> str:
        """The spelling of a tag that most publishers use."""
        known = self.spellings
        return min(known, key=lambda name: (-known[name], name)) if known else self.key

    @property
    def numbers(self) -> list[int]:
        """Of all its pages, the oldest first."""
        gone = set(self.gaps)
        return [number for number in range(1, self.last + 1) if number not in gone]

    def before(self, number: int) -> int | None:
        """The number of the page before that one, if there is one."""
        gone = set(self.gaps)
        return next((n for n in range(number - 1, 0, -1) if n not in gone), None)

    def after(self, number: int) -> int | None:
        """The number of the page after that one, if there is one."""
        gone = set(self.gaps)
        return next((n for n in range(number + 1, self.last + 1) if n not in gone), None)


class ListingPage(models.Model):
    """A page of a listing that has entries: how many, and the first one that belongs to it."""

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="pages", db_index=False)
    number = models.PositiveIntegerField()
    """Another one once a page comes before it: entries name the row and not the number."""
    count = models.PositiveIntegerField()
    first_at = models.BigIntegerField()
    first_id = models.BigIntegerField()
    """`at` and `entry_id` of its first entry, or of one before that which is gone: what is newer,
    and older than the first entry of the next page, belongs to it."""

    class Meta:
        default_permissions = ()
        # Not unique: SQLite would refuse to move several numbers on at once.
        indexes = [models.Index(fields=["listing", "number"], name="builds_page_order")]

    def __str__(self) -> str:
        return f"page {self.number} of {self.listing_id}"

    @property
    def first(self) -> tuple[int, int]:
        """From where on entries belong to it."""
        return self.first_at, self.first_id


class ListingEntry(models.Model):
    """Where an entry stands in a listing: it stays on its page, whatever comes and goes."""

    listing = models.ForeignKey(
        Listing, models.DO_NOTHING, related_name="entries", db_index=False, db_constraint=False
    )
    """That of the page: by that one it is found."""
    entry_id = models.BigIntegerField()
    at = models.BigIntegerField()
    """Microseconds since 1970 at which it became public: entries of a page in order."""
    page = models.ForeignKey(ListingPage, models.DO_NOTHING, related_name="entries", db_index=False)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("entry_id", "listing", name="builds_place_once"),
        ]
        indexes = [models.Index(fields=["page", "at", "entry_id"], name="builds_place_order")]

    def __str__(self) -> str:
        return f"{self.entry_id} on {self.page_id} of {self.listing_id}"
