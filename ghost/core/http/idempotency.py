"""`Idempotency-Key`: a `POST` that is sent again gets the answer of the first time.

As in draft-ietf-httpapi-idempotency-key-header: the same key with another request is refused
(422), and one that is still under way too (409). Answers are kept for KEPT_FOR, under a mask that
only the caller's own bearer token takes off: some hold a raw token, which is stored nowhere.
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

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, IntegrityError, models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from ghost.core.errors import ConflictError, GhostError

log = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
MAX_CHARS = 255
KEPT_FOR = timedelta(hours=24)
LEASE = timedelta(minutes=10)
"""No request takes so long: one that has no answer by then died with its process."""
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


class Answer(models.Model):
    """What a key was answered; without a status while the request is under way."""

    token_id = models.BigIntegerField()
    key = models.CharField(max_length=MAX_CHARS)
    fingerprint = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now, db_index=True)
    status = models.PositiveSmallIntegerField(null=True)
    nonce = models.BinaryField(max_length=16)
    masked = models.BinaryField(default=b"")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint("token_id", "key", name="ghost_answer_once_per_key")]

    def __str__(self) -> str:
        return f"answer {self.pk}"

    def keep(self, response: HttpResponse, raw: str) -> None:
        """Keep this answer for the next time; a fault of ours frees the key instead."""
        body = _packed(response)
        if response.status_code >= 500 or response.status_code in _NOT_KEPT or not body:
            Answer.objects.filter(pk=self.pk, nonce=self.nonce).delete()
            return
        Answer.objects.filter(pk=self.pk, nonce=self.nonce).update(
            status=response.status_code, masked=_mask(body, raw, bytes(self.nonce))
        )

    def replay(self, raw: str) -> HttpResponse:
        """The answer; ConflictError if it was given to another form of the token."""
        try:
            packed = _mask(bytes(self.masked), raw, bytes(self.nonce))
            kept = json.loads(zlib.decompress(packed))
        except (ValueError, zlib.error) as error:
            told = _("This key was used before the token was changed; take another one.")
            raise ConflictError(told) from error
        response = HttpResponse(kept["body"].encode("latin-1"), status=self.status)
        for name, value in kept["headers"].items():
            response[name] = value
        response["Idempotency-Replayed"] = "true"
        return response


def begin(request: HttpRequest, token_id: int, raw: str) -> None:
    """Claim the key of this request, if it has one, for the caller whose raw token this is.

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
        known = Answer.objects.filter(token_id=token_id, key=key).first()
        _answer_again(known, fingerprint, raw)
    else:
        request.idempotent = made, raw  # type: ignore[attr-defined]  # for `Middleware`


def _claim(token_id: int, key: str, fingerprint: str) -> Answer | None:
    """The row that is ours to answer, or None if there is one already."""
    now = timezone.now()
    ours = Answer.objects.filter(token_id=token_id, key=key)
    ours.filter(
        models.Q(made_at__lt=now - KEPT_FOR) | models.Q(made_at__lt=now - LEASE, status=None)
    ).delete()
    try:
        with transaction.atomic():
            return Answer.objects.create(
                token_id=token_id, key=key, fingerprint=fingerprint, nonce=secrets.token_bytes(16)
            )
    except IntegrityError:
        return None


def _answer_again(known: Answer | None, fingerprint: str, raw: str) -> None:
    if known and known.fingerprint != fingerprint:
        raise OtherRequestError(
            _("This Idempotency-Key was used for another request; take a new one.")
        )
    if known is None or known.status is None:
        raise UnderWayError(_("A request with this Idempotency-Key is under way; ask again."))
    raise ReplayError(known.replay(raw))


def prune() -> int:
    """Drop what is kept for too long; how many there were."""
    count, _each = Answer.objects.filter(made_at__lt=timezone.now() - KEPT_FOR).delete()
    return count


def _fingerprint(request: HttpRequest) -> str:
    """Of method, address, query and body; a form by its parts, since its boundary is random."""
    found = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type == "multipart/form-data":
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_FORM_BYTES:
            raise RequestDataTooBig
        for name, values in sorted(request.POST.lists()):
            found.update(json.dumps([name, values]).encode())
        for name, files in sorted(request.FILES.lists()):
            for file in files:
                found.update(json.dumps([name, file.size]).encode())
                found.update(hashlib.sha256(file.read()).digest())
                file.seek(0)
    else:
        found.update(request.body)
    return found.hexdigest()


def _packed(response: HttpResponse) -> bytes:
    if response.streaming or len(response.content) > MAX_ANSWER_BYTES:
        return b""
    headers = {n: response[n] for n in _KEPT_HEADERS if response.has_header(n)}
    packed: dict[str, Any] = {"headers": headers, "body": response.content.decode("latin-1")}
    return zlib.compress(json.dumps(packed).encode())


def _mask(body: bytes, raw: str, nonce: bytes) -> bytes:
    """Masked, or with the same call unmasked: XOR with a stream that raw token and nonce give."""
    stream = hashlib.shake_256(b"ghost answer\0" + nonce + raw.encode()).digest(len(body))
    return (int.from_bytes(body) ^ int.from_bytes(stream)).to_bytes(len(body))


def _kept(response: HttpResponse, answer: Answer, raw: str) -> None:
    try:
        answer.keep(response, raw)
    except DatabaseError:  # what was done is done, and this answer says so
        log.exception("An answer can't be kept; its key is free again in %s.", LEASE)


class Middleware:
    """Keeps the answers of requests that `begin` has claimed a key for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The same answer."""
        response = self.get_response(request)
        claimed: tuple[Answer, str] | None = getattr(request, "idempotent", None)
        if claimed and isinstance(response, HttpResponse):
            _kept(response, *claimed)
        return response
