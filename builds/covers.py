"""Covers: fetched from where publishers say, decoded, and written anew as WebP.

What comes in is hostile: only pixels go out, in two sizes, under a name of ours.
"""

from __future__ import annotations

import io
import logging
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from concurrent.futures import TimeoutError as TooLate
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from PIL import Image, ImageOps, UnidentifiedImageError

from builds.models import Cover
from builds.records import digest
from ghost import fetch
from ghost.errors import GhostError, OutageError, RefusedError
from ghost.files import write_atomic
from resources.models import Resource
from resources.models.querysets import ResourceQuerySet

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
MAX_BYTES = 10_000_000
MAX_PIXELS = 40_000_000
PAGE_PIXELS = 800
THUMB_PIXELS = 160
QUALITY = 80
AT_ONCE = 4
MOST = 500
"""So many covers in one go, within TOTAL_S seconds; the rest stays due."""
TOTAL_S = 120
RETRY_PAUSES = tuple(timedelta(hours=hours) for hours in (1, 4, 12, 24, 72, 168))
"""How long a cover that could not be had waits for the next try; the last one repeats."""

logger = logging.getLogger(__name__)
_OURS = re.compile(r"(\d+)(?:-thumb)?\.webp\Z")
_decoding = threading.Lock()  # one at a time bounds the memory


@dataclass(frozen=True)
class Picture:
    """A cover in both sizes, as WebP; width and height of the larger one in pixels."""

    page: bytes
    thumb: bytes
    width: int
    height: int


def localize(beat: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Fetch the covers that are due; counts of `fetched` and `failed`. No failure stops it."""
    counts = {"fetched": 0, "failed": 0}
    _forget_cleared()
    _sweep()
    for row, outcome in _fetched(list(_due()[:MOST])):
        beat()
        if isinstance(outcome, Picture):
            counts["fetched"] += _keep(row, outcome)
        else:
            counts["failed"] += _put_off(row, outcome)
    return counts


def due() -> bool:
    """Whether there is one to fetch."""
    return _due().exists()


def make(body: bytes) -> Picture:
    """Decode an image and write it anew; RefusedError if it isn't one that we take."""
    try:
        with warnings.catch_warnings():
            # Pillow only warns of a bomb that is not twice too large.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(body), formats=FORMATS) as image:
                return _drawn(image)
    except RefusedError:
        raise
    except UnidentifiedImageError as error:
        raise RefusedError("It is not a JPEG, PNG, WebP, GIF or AVIF image.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RefusedError(_TOO_LARGE) from error
    # Decoders meet broken files with errors of every kind.
    except Exception as error:
        raise RefusedError(f"The image can't be decoded ({type(error).__name__}).") from error


def page_file(resource_id: int) -> Path:
    """Where the larger size lies."""
    return Path(settings.GHOST.cover_dir) / f"{resource_id}.webp"


def thumb_file(resource_id: int) -> Path:
    """Where the smaller size lies."""
    return Path(settings.GHOST.cover_dir) / f"{resource_id}-thumb.webp"


def are_there(resource_id: int) -> bool:
    """Whether both sizes lie where they should."""
    return page_file(resource_id).is_file() and thumb_file(resource_id).is_file()


def _due() -> ResourceQuerySet:
    waiting = Resource.objects.standing().filter(cover_due_at__lte=timezone.now())
    return waiting.exclude(cover_image_url=None).order_by("cover_due_at", "pk")


_TOO_LARGE = f"It has more than {MAX_PIXELS // 1_000_000} million pixels."


def _drawn(image: Image.Image) -> Picture:
    if image.width * image.height > MAX_PIXELS:
        raise RefusedError(_TOO_LARGE)
    image.draft("RGB", (PAGE_PIXELS * 2, PAGE_PIXELS * 2))
    has_alpha = "A" in image.getbands() or "transparency" in image.info
    pixels = image.convert("RGBA" if has_alpha else "RGB")
    # Made small before it is turned: a few copies of 40 million pixels would be half a gigabyte.
    pixels.thumbnail((PAGE_PIXELS, PAGE_PIXELS), Image.Resampling.LANCZOS)
    page = ImageOps.exif_transpose(pixels)
    page.info = {}  # no position, profile or comment goes out
    return Picture(_webp(page), _webp(_shrunk(page, THUMB_PIXELS)), page.width, page.height)


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    copy = image.copy()
    copy.thumbnail((side, side), Image.Resampling.LANCZOS)
    return copy


def _webp(image: Image.Image) -> bytes:
    body = io.BytesIO()
    image.save(body, "WEBP", quality=QUALITY, method=4)
    return body.getvalue()


def _fetched(rows: list[Resource]) -> Iterator[tuple[Resource, Picture | GhostError]]:
    """What became of each row, as they come, for TOTAL_S at most; the other rows stay due.

    A fetch that can't be ended, as in a resolver that stalls, is left behind: it writes nothing.
    """
    deadline = time.monotonic() + TOTAL_S
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="covers")
    try:
        asked = {pool.submit(_fetch, str(row.cover_image_url), deadline): row for row in rows}
        try:
            for done in as_completed(asked, timeout=TOTAL_S):
                if (outcome := done.result()) is not None:
                    yield asked[done], outcome
        except TooLate:
            logger.warning("some covers were not fetched in time and wait for the next build")
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _fetch(url: str, deadline: float) -> Picture | GhostError | None:
    """The picture, or what is wrong with it; None if the time was up first."""
    left = deadline - time.monotonic()
    if left <= 0:
        return None
    # Half at most: else those that stall longest would stay due, first in the row, for ever.
    limit = min(settings.GHOST.cover_fetch_timeout_s, TOTAL_S / 2, left)
    try:
        body = fetch.get(url, max_bytes=MAX_BYTES, timeout_s=limit).body
        with _decoding:
            return make(body)
    except GhostError as error:
        # It may have had a moment only, so nothing is held against it.
        return error if time.monotonic() < deadline else None
    # One publisher's cover must never stop everybody's build.
    except Exception as error:
        logger.exception("a cover could not be fetched")
        return OutageError(f"It can't be fetched ({type(error).__name__}).")


def _wanted(row: Resource) -> ResourceQuerySet:
    """The row, if its cover is still due: the publisher may have changed or removed it."""
    same = Resource.objects.filter(pk=row.pk, cover_image_url=row.cover_image_url)
    return same.filter(cover_due_at=row.cover_due_at)


@contextmanager
def _recording(row: Resource) -> Iterator[bool]:
    """Whether it is still wanted; nobody can change or remove the row until it is recorded."""
    with transaction.atomic():
        yield _wanted(row).select_for_update().first() is not None


def _keep(row: Resource, picture: Picture) -> bool:
    if not _wanted(row).exists():
        return False
    write_atomic(page_file(row.pk), picture.page)
    write_atomic(thumb_file(row.pk), picture.thumb)
    with _recording(row) as is_wanted:
        if is_wanted:
            Cover.objects.update_or_create(resource=row, defaults=_facts(row, picture))
            row.record_cover(f"assets/covers/{row.pk}.webp")
    return is_wanted


def _facts(row: Resource, picture: Picture) -> dict[str, object]:
    return {
        "digest": digest(picture.page + picture.thumb),
        "width": picture.width,
        "height": picture.height,
        "source": _source(row),
        "attempts": 0,
        "fetched_at": timezone.now(),
    }


def _put_off(row: Resource, error: GhostError) -> bool:
    with _recording(row) as is_wanted:
        if is_wanted:
            pause = _count_failure(row)
            row.record_cover(None, error=str(error), again_at=timezone.now() + pause)
            logger.info("cover of resource %d: %s", row.pk, error)
    return is_wanted


def _count_failure(row: Resource) -> timedelta:
    """How long to wait for the next try."""
    cover, _ = Cover.objects.get_or_create(resource=row)
    if cover.source != _source(row):
        cover.attempts, cover.source = 0, _source(row)
    pause = RETRY_PAUSES[min(cover.attempts, len(RETRY_PAUSES) - 1)]
    cover.attempts, cover.digest = cover.attempts + 1, ""
    cover.save()
    return pause


def _forget_cleared() -> None:
    """Remove what is left of covers that their publishers cleared."""
    for cover in Cover.objects.filter(resource__cover_image_url=None):
        page_file(cover.resource_id).unlink(missing_ok=True)
        thumb_file(cover.resource_id).unlink(missing_ok=True)
        cover.delete()


def _sweep() -> None:
    """Remove the files of resources that are gone. Those of resources that were taken down stay,
    unpublished: they may be restored."""
    folder = Path(settings.GHOST.cover_dir)
    if not folder.is_dir():
        return
    files = {path: int(name[1]) for path in folder.iterdir() if (name := _OURS.match(path.name))}
    gone = set(files.values()).difference(Resource.objects.values_list("pk", flat=True))
    for path, pk in files.items():
        if pk in gone:
            path.unlink(missing_ok=True)


def _source(row: Resource) -> str:
    return digest(str(row.cover_image_url).encode())
