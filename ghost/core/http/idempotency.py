"""`Idempotency-Key`: a `POST` that is sent again gets the answer of the first time.

As in draft-ietf-httpapi-idempotency-key-header: the same key with another request is refused
(422), and one that is still under way too (409). Answers are kept for KEPT_FOR, encrypted for the token's row,
whatever its raw form is by then: some hold a raw token, which is stored nowhere. So a rotation whose
answer was lost is answered again to either form, and a database alone tells nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import secrets
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from ghost.core import encryption, process
from ghost.core.errors import GhostError
from ghost.core.http.renewals import Renewals

log = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
MAX_CHARS = 255
KEPT_FOR = timedelta(hours=24)
LEASE = timedelta(seconds=15)
"""The process that works on a request renews it every RENEW_EVERY_S; one that died leaves the key free after it,
and at once where that is known."""
RENEW_EVERY_S = 5.0
MAX_ANSWER_BYTES = 2_000_000
MAX_FORM_BYTES = 66_000_000
"""Of a body with a file: the largest that an operation takes, and what is around it."""
_KEPT_HEADERS = ("Content-Type", "ETag", "Link", "Location", "Preference-Applied")
_NOT_KEPT = frozenset({401, 403, 408, 425, 429})
"""With 5xx: the same request may be answered in another way later."""


class KeyInvalidError(GhostError):
    """The header can't be a key: 422."""

    problem = "idempotency-key-invalid"


class OtherRequestError(GhostError):
    """The key was used for the same operation with another body: 422."""

    problem = "idempotency-key-reused"


class OtherEndpointError(OtherRequestError):
    """The key was used at another address, or with other parameters: 422."""

    problem = "idempotency-key-elsewhere"


class LostAnswerError(GhostError):
    """The request was done, and what it was answered can't be read any more: 409."""

    problem = "idempotency-answer-lost"


class UnderWayError(GhostError):
    """The first request with this key has no answer yet: 409, and worth another try after `wait_s` seconds."""

    problem = "under-way"

    def __init__(self, message: str, wait_s: int) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class ReplayError(GhostError):
    """Not a fault: the request was answered before, and `response` is that answer."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__("answered before")
        self.response = response


class KeptAnswer(models.Model):
    """What a key was answered; without a status while the request is under way."""

    token_id = models.BigIntegerField()
    key = models.CharField(max_length=MAX_CHARS)
    fingerprint = models.CharField(max_length=64)
    """Of the whole request."""
    address = models.CharField(max_length=64)
    """Digest of its address and parameters alone, to tell what differs."""
    made_at = models.DateTimeField(default=timezone.now, db_index=True)
    renewed_at = models.DateTimeField(default=timezone.now)
    """When the process that works on it last said so."""
    status = models.PositiveSmallIntegerField(null=True)
    held_by = models.CharField(max_length=process.MAX_CHARS, default=process.name)
    """Which one works on the request, by its name (`ghost.core.process`)."""
    nonce = models.BinaryField(max_length=encryption.NONCE_BYTES)
    """Random: it tells this claim from a later one of the same key, too."""
    sealed = models.BinaryField(default=b"")
    """Headers and body, compressed, then encrypted."""
    begun_at: datetime | None = None
    """When a request with this key began whose process died: what it had made by then is found again."""

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("token_id", "key", name="ghost_kept_answer_per_key")]

    def __str__(self) -> str:
        return f"answer {self.pk}"

    def is_over(self) -> bool:
        """Whether its key may be used again: too old, or its request will never be answered."""
        if self.status is not None:
            return timezone.now() - self.made_at > KEPT_FOR
        return self.left_s() <= 0 or process.is_alive(self.held_by) is False

    def left_s(self) -> float:
        """Seconds until its key is free, unless the process that works on it renews that."""
        return (LEASE - (timezone.now() - self.renewed_at)).total_seconds()

    def keep(self, response: HttpResponse) -> None:
        """Keep this answer for the next time; a fault of ours frees the key instead."""
        body = _packed(response)
        ours = KeptAnswer.objects.filter(pk=self.pk, nonce=self.nonce)
        if _may_pass(response) or not body:
            ours.delete()
            return
        self.status = response.status_code
        sealed = encryption.encrypt(
            body, self._encryption_key(), bytes(self.nonce), self._context()
        )
        ours.update(status=self.status, sealed=sealed)

    def _encryption_key(self) -> bytes:
        """Of the pepper, for this token: nobody else's key opens the answer."""
        return encryption.key_for(f"ghost kept answer token {self.token_id}", settings.TOKEN_PEPPER)

    def _context(self) -> bytes:
        """What the answer belongs to: one that was moved to another row does not open."""
        return json.dumps([self.token_id, self.key, self.fingerprint, self.status]).encode()

    def replay(self) -> HttpResponse:
        """The answer; LostAnswerError if the row was changed by another hand, or the pepper was."""
        nonce = bytes(self.nonce)
        try:
            packed = encryption.decrypt(
                bytes(self.sealed), self._encryption_key(), nonce, self._context()
            )
        except ValueError as error:
            log.error("The answer kept as row %s can't be read: %s.", self.pk, error)
            reason = _(
                "The answer kept for this Idempotency-Key can't be read any more. Look whether the request was"
                " done, then use another key."
            )
            raise LostAnswerError(reason) from error
        kept = json.loads(zlib.decompress(packed))
        response = HttpResponse(kept["body"].encode("latin-1"), status=self.status)
        for name, value in kept["headers"].items():
            response[name] = value
        response["Idempotency-Replayed"] = "true"
        return response


def begin(request: HttpRequest, token_id: int) -> None:
    """Claim the key of this request, if it has one, for the token of this row.

    ReplayError with the answer if it has one; UnderWayError while another one works on it;
    OtherRequestError if the key was used for something else.
    """
    key = request.headers.get(HEADER, "")
    if request.method != "POST" or not key or _is_only_tried(request):
        return
    if len(key) > MAX_CHARS or not key.isprintable():
        raise KeyInvalidError(_("An Idempotency-Key has at most 255 printable characters."))
    asked = _Asked(_address(request), _fingerprint(request))
    made = _claim(token_id, key, asked)
    if made is None:
        # Gone again if the other one just failed: then it counts as under way.
        known = KeptAnswer.objects.filter(token_id=token_id, key=key).first()
        _answer_again(known, asked)
    else:
        request.idempotent = made  # type: ignore[attr-defined]  # for the middleware
        _renewals.hold(made.pk)


def _is_only_tried(request: HttpRequest) -> bool:
    """Whether it keeps nothing, its answer included: whoever has tried may send with the same key."""
    return request.GET.get("dry_run", "").lower() in {"1", "t", "true", "y", "yes", "on"}


@dataclass(frozen=True)
class _Asked:
    """Digests of a request."""

    address: str
    whole: str


def _claim(token_id: int, key: str, asked: _Asked) -> KeptAnswer | None:
    """The row that is ours to answer, or None if there is one already."""
    known, begun_at = KeptAnswer.objects.filter(token_id=token_id, key=key).first(), None
    if known is not None and known.is_over():
        if known.status is None and known.fingerprint == asked.whole:
            begun_at = known.made_at
        ours = KeptAnswer.objects.filter(pk=known.pk, nonce=known.nonce, status=known.status)
        ours.filter(renewed_at=known.renewed_at).delete()
    try:
        with transaction.atomic():
            made = KeptAnswer.objects.create(
                token_id=token_id,
                key=key,
                fingerprint=asked.whole,
                address=asked.address,
                nonce=secrets.token_bytes(encryption.NONCE_BYTES),
                **({"made_at": begun_at} if begun_at else {}),
            )
    except IntegrityError:
        return None
    made.begun_at = begun_at
    return made


def begun_at(request: HttpRequest) -> datetime | None:
    """When this very request, by its key, was begun by a process that died; None if it is the first."""
    claimed: KeptAnswer | None = getattr(request, "idempotent", None)
    return claimed.begun_at if claimed else None


def _renew(keys: Collection[int]) -> None:
    KeptAnswer.objects.filter(pk__in=keys, status=None).update(renewed_at=timezone.now())


_renewals = Renewals(_renew, RENEW_EVERY_S)


def _answer_again(known: KeptAnswer | None, asked: _Asked) -> None:
    if known and known.address != asked.address:
        raise OtherEndpointError(
            _(
                "This Idempotency-Key was used for another address or other parameters; use a new one."
            )
        )
    if known and known.fingerprint != asked.whole:
        raise OtherRequestError(
            _("This Idempotency-Key was used with another body; use a new one.")
        )
    if known is None or known.status is None:
        raise UnderWayError(
            _("A request with this Idempotency-Key is still running; try again."), _wait_s(known)
        )
    raise ReplayError(known.replay())


def _wait_s(known: KeptAnswer | None) -> int:
    """After how long to ask again: soon, or when the key is free if nobody has renewed it of late."""
    left_s = known.left_s() if known else 0
    is_renewed = left_s > LEASE.total_seconds() - 2 * RENEW_EVERY_S
    return 1 if is_renewed else max(1, math.ceil(left_s))


def _may_pass(response: HttpResponse) -> bool:
    """Whether the same request may be answered in another way later: a fault, a limit, a probe that failed."""
    if response.status_code >= 500 or response.status_code in _NOT_KEPT:
        return True
    return getattr(response, "may_pass", False)


def _address(request: HttpRequest) -> str:
    return hashlib.sha256(f"{request.method} {request.get_full_path()}".encode()).hexdigest()


def _fingerprint(request: HttpRequest) -> str:
    """Of method, address, query and body; a form by its parts, since its boundary is random."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type == "multipart/form-data":
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_FORM_BYTES:
            raise RequestDataTooBig
        for name, values in sorted(request.POST.lists()):
            digest.update(json.dumps([name, values]).encode())
        for name, files in sorted(request.FILES.lists()):
            for file in files:
                digest.update(json.dumps([name, file.size]).encode())
                digest.update(hashlib.sha256(file.read()).digest())
                file.seek(0)
    else:
        digest.update(request.body)
    return digest.hexdigest()


def _packed(response: HttpResponse) -> bytes:
    if response.streaming or len(response.content) > MAX_ANSWER_BYTES:
        return b""
    headers = {n: response[n] for n in _KEPT_HEADERS if response.has_header(n)}
    packed: dict[str, Any] = {"headers": headers, "body": response.content.decode("latin-1")}
    return zlib.compress(json.dumps(packed).encode())


def _keep(response: HttpResponse, answer: KeptAnswer) -> None:
    try:
        answer.keep(response)
    except DatabaseError:  # what was done is done, and this answer says so
        log.exception("An answer can't be kept; its key is free again in %s.", LEASE)


class IdempotencyMiddleware:
    """Keeps the answers of requests that `begin` has claimed a key for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer."""
        try:
            response = self.get_response(request)
        finally:
            claimed: KeptAnswer | None = getattr(request, "idempotent", None)
            if claimed:
                _renewals.let_go(claimed.pk)
        if claimed and isinstance(response, HttpResponse):
            _keep(response, claimed)
        return response
