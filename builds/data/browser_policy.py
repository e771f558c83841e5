"""What a browser may do with the public site: the same few things wherever it is served.

Each page carries META in its head, for hosts that send no headers of ours, and for a copy on somebody's
own disk. HEADERS are sent where somebody sends them: by hosts that read `_headers`, by Ghost itself.
The site has no inline script or style, loads nothing from elsewhere, and makes no markup of texts.
"""

from __future__ import annotations

META = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""Content Security Policy, level 3."""
HEADERS = {
    "Content-Security-Policy": f"{META}; frame-ancestors 'none'",  # which no <meta> can say
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
