"""The public site, served by Django where GHOST_DEPLOY_MODE is `integrated`.

Each request looks at `public/` as it is now, so a site that is published later, or anew, is
served at once. Any static host does the same job better; this one needs no second program.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path
from stat import S_ISREG

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
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
from django.shortcuts import redirect, render
from django.utils.encoding import iri_to_uri
from django.utils.http import http_date
from django.views.decorators.http import require_safe
from django.views.static import was_modified_since

from ghost.core.io.files import inside

POLICY = {
    "default-src": [SELF],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "object-src": [NONE],
}
TYPES = {
    ".torrent": "application/x-bittorrent",
    ".opml": "text/x-opml",
    ".json": "application/json",
}


@csp_replace(POLICY)  # type: ignore[untyped-decorator]  # django-csp has no types
@require_safe
def serve(request: HttpRequest, path: str) -> HttpResponseBase:
    """One file of the site; `/a` leads to `/a/`; anything unknown gets the site's own 404."""
    if settings.GHOST.deploy_mode != "integrated":
        return _no_site_here(path)
    root = settings.GHOST.site_workdir / "public"
    if not root.is_dir():
        return render(request, "ghost/no_site.html", status=503)
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
    answer["Cache-Control"] = "no-cache"  # ask again: a build may have changed it
    return answer


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
