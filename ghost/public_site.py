"""The public site, served by Django where GHOST_DEPLOY_MODE is `integrated`: at every name beside the admin
and the API, or at GHOST_SITE_HOST alone, where there is nothing else.

Each request looks at `public/` as it is now, so a site that is published later, or anew, is
served at once. Any static host does the same job better; this one needs no second program.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable
from pathlib import Path
from stat import S_ISREG

from django.conf import settings
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    HttpResponsePermanentRedirect,
)
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.encoding import iri_to_uri
from django.utils.http import http_date
from django.views.decorators.http import require_safe
from django.views.static import was_modified_since

from builds.data import browser_policy
from ghost.core.http.error_pages import ErrorPagesMiddleware
from ghost.core.http.transport import cache_control
from ghost.core.http.transport.methods import complete
from ghost.core.http.transport.tls import TlsMiddleware
from ghost.core.io.files import inside

DIGEST_CHARS = 10
"""Of SHA-256, as `builds/site/layouts/_partials/asset.html` has it."""
TYPES = {
    ".torrent": "application/x-bittorrent",
    ".opml": "text/x-opml",
    ".json": "application/json",
}


@require_safe
def serve(request: HttpRequest, path: str) -> HttpResponseBase:
    """One file of the site, where it is served beside the admin; else the way to that."""
    if settings.GHOST.deploy_mode != "integrated" or settings.GHOST.site_host:
        return _no_site_here(path)
    return _answered(request, path)


@complete
@require_safe
def serve_alone(request: HttpRequest) -> HttpResponseBase:
    """The same where nothing but the site is served."""
    with translation.override(translation.get_language_from_request(request)):
        return _answered(request, request.path_info.removeprefix("/"))


class SiteHostMiddleware:
    """Answers what comes to GHOST_SITE_HOST with the site and nothing else: nothing further in sees it,
    so no view, session or cookie of the private plane is reached by that name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.serve = ErrorPagesMiddleware(TlsMiddleware(serve_alone))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """A file of the site, or the answer of the private plane."""
        name = settings.GHOST.site_host
        if name and split_domain_port(request.get_host())[0] == name:
            return self.serve(request)
        return self.get_response(request)


def _answered(request: HttpRequest, path: str) -> HttpResponseBase:
    """What the site has at a path, with the headers that all of it has."""
    response = _found(request, path)
    for name, value in browser_policy.HEADERS.items():
        response[name] = value
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # it is for everybody
    response.headers.setdefault("Cache-Control", cache_control.PUBLIC)
    return response


def _found(request: HttpRequest, path: str) -> HttpResponseBase:
    """One file; `/a` leads to `/a/`; anything unknown gets the site's own 404."""
    root = settings.GHOST.site_workdir / "public"
    if not root.is_dir():
        context = {"is_alone": bool(settings.GHOST.site_host)}
        return render(request, "ghost/no_site.html", context, status=503)
    try:
        file = _file(root, path)
        if file.is_dir():
            return HttpResponsePermanentRedirect(iri_to_uri(f"/{path}/"))
        return _answer(request, file)
    except (ValueError, OSError):
        # A NUL byte, a way out, a name that is too long, no such file: also since a moment ago.
        return _missing(root, path)


def _file(root: Path, path: str) -> Path:
    """What a path means: a file, a folder's index, or a folder that lacks its slash."""
    if path.startswith("/"):
        raise ValueError("an absolute path")
    file = inside(root, path)
    is_folder = file.is_dir() and (not path or path.endswith("/"))
    return file / "index.html" if is_folder else file


def _no_site_here(path: str) -> HttpResponse:
    if path:
        raise Http404
    return redirect("admin:index")


def _answer(request: HttpRequest, file: Path) -> HttpResponseBase:
    stat = file.stat()
    if not S_ISREG(stat.st_mode):
        raise FileNotFoundError(file)
    changed_at = stat.st_mtime
    if not was_modified_since(request.headers.get("If-Modified-Since"), changed_at):
        return HttpResponseNotModified()
    kind = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
    answer = _whole(request, file, _with_charset(kind))
    answer.headers.setdefault("Content-Length", str(stat.st_size))
    answer["Last-Modified"] = http_date(changed_at)
    if _is_asked_by_digest(request, file):
        answer["Cache-Control"] = cache_control.FOR_EVER
    return answer


def _is_asked_by_digest(request: HttpRequest, file: Path) -> bool:
    """Whether the address has the file's own digest, as links to style and scripts have it."""
    wanted = request.GET.get("v", "")
    return (
        len(wanted) == DIGEST_CHARS
        and file.parent.name == "assets"
        and (hashlib.sha256(file.read_bytes()).hexdigest().startswith(wanted))
    )


def _whole(request: HttpRequest, file: Path, kind: str) -> HttpResponseBase:
    """The file; for HEAD it is not opened, since nobody would close it."""
    if request.method == "HEAD":
        return HttpResponse(content_type=kind)
    return FileResponse(file.open("rb"), content_type=kind)


def _with_charset(kind: str | None) -> str:
    is_text = kind and (kind.startswith("text/") or kind.endswith(("json", "xml")))
    return f"{kind}; charset=utf-8" if is_text else kind or "application/octet-stream"


def _missing(root: Path, path: str) -> HttpResponse:
    """The site's own 404, in the language of the folder that was asked for."""
    languages = (code for code in settings.GHOST.site_languages[1:] if path.startswith(f"{code}/"))
    page = root / next(languages, "") / "404.html"
    body = page.read_bytes() if page.is_file() else b"Not found"
    return HttpResponse(body, status=404, content_type="text/html; charset=utf-8")
