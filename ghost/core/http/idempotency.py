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
import secrets
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from ghost.core import encryption, process
from ghost.core.db import pacing
from ghost.core.errors import ConflictError, GhostError

log = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
MAX_CHARS = 255
KEPT_FOR = timedelta(hours=24)
LEASE = timedelta(minutes=10)
"""No request takes so long. One whose process is known to have died is free at once."""
MAX_ANSWER_BYTES = 2_000_000
MAX_FORM_BYTES = 12_000_000
"""Of a body with a file: the largest that an operation takes, and what is around it."""
_KEPT_HEADERS = ("Content-Type", "ETag", "Link", "Location", "Preference-Applied")
_NOT_KEPT = frozenset({401, 403, 408, 429})


class OtherRequestError(GhostError):
    """The key was used for another request: 422."""


class UnderWayError(GhostError):
    """The first request with this key has no answer yet: 409, and worth another try."""


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
    made_at = models.DateTimeField(default=timezone.now, db_index=True)
    status = models.PositiveSmallIntegerField(null=True)
    held_by = models.CharField(max_length=process.MAX_CHARS, default=process.name)
    """Which one works on the request, by its name (`ghost.core.process`)."""
    nonce = models.BinaryField(max_length=encryption.NONCE_BYTES)
    """Random: it tells this claim from a later one of the same key, too."""
    sealed = models.BinaryField(default=b"")
    """Headers and body, compressed, then encrypted."""

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("token_id", "key", name="ghost_kept_answer_per_key")]

    def __str__(self) -> str:
        return f"answer {self.pk}"

    def is_over(self) -> bool:
        """Whether its key may be used again: too old, or its request will never be answered."""
        age = timezone.now() - self.made_at
        if self.status is not None:
            return age > KEPT_FOR
        return age > LEASE or process.is_alive(self.held_by) is False

    def keep(self, response: HttpResponse) -> None:
        """Keep this answer for the next time; a fault of ours frees the key instead."""
        body = _packed(response)
        ours = KeptAnswer.objects.filter(pk=self.pk, nonce=self.nonce)
        if response.status_code >= 500 or response.status_code in _NOT_KEPT or not body:
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
        """The answer; ConflictError if the row was changed by another hand, or the pepper was."""
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
            raise ConflictError(reason) from error
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
    if request.method != "POST" or not key:
        return
    if len(key) > MAX_CHARS or not key.isprintable():
        raise OtherRequestError(_("An Idempotency-Key has at most 255 printable characters."))
    fingerprint = _fingerprint(request)
    made = _claim(token_id, key, fingerprint)
    if made is None:
        # Gone again if the other one just failed: then it counts as under way.
        known = KeptAnswer.objects.filter(token_id=token_id, key=key).first()
        _answer_again(known, fingerprint)
    else:
        request.idempotent = made  # type: ignore[attr-defined]  # for the middleware


def _claim(token_id: int, key: str, fingerprint: str) -> KeptAnswer | None:
    """The row that is ours to answer, or None if there is one already."""
    known = KeptAnswer.objects.filter(token_id=token_id, key=key).first()
    if known is not None and known.is_over():
        KeptAnswer.objects.filter(pk=known.pk, nonce=known.nonce, status=known.status).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(
                token_id=token_id,
                key=key,
                fingerprint=fingerprint,
                nonce=secrets.token_bytes(encryption.NONCE_BYTES),
            )
    except IntegrityError:
        return None


def _answer_again(known: KeptAnswer | None, fingerprint: str) -> None:
    if known and known.fingerprint != fingerprint:
        raise OtherRequestError(
            _("This Idempotency-Key was used for another request; use a new one.")
        )
    if known is None or known.status is None:
        raise UnderWayError(_("A request with this Idempotency-Key is still running; try again."))
    raise ReplayError(known.replay())


def prune() -> int:
    """Drop what is kept for too long; how many there were."""
    return pacing.delete(KeptAnswer.objects.filter(made_at__lt=timezone.now() - KEPT_FOR))


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
        response = self.get_response(request)
        claimed: KeptAnswer | None = getattr(request, "idempotent", None)
        if claimed and isinstance(response, HttpResponse):
            _keep(response, claimed)
        return response
