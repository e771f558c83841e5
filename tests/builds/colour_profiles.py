"""Small colour profiles made by hand (ICC.1:2001-04): those of grey and of a press, which nothing in
the tests' environment brings."""

from __future__ import annotations

import struct
from collections.abc import Callable
from itertools import product

from PIL import ImageCms

Lab = tuple[int, int, int]
"""L* of 0 to 100, a* and b* of -128 to 127."""

_WHITE = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)  # D50, in 1/65536
WHITE, BLACK, RED, GREEN = (100, 0, 0), (0, 0, 0), (54, 81, 70), (88, -79, 81)


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped() -> bytes:
    """That of sRGB, but for red and green, which have changed their places."""
    return srgb().replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")


def grey(gamma: float) -> bytes:
    """Of grey pixels whose light is the value to the power of `gamma`."""
    curve = struct.pack(">4s4xIH", b"curv", 1, round(gamma * 256)) + b"\0\0"
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": _WHITE, b"kTRC": curve})


def press(colour_of: Callable[[tuple[int, int, int, int]], Lab]) -> bytes:
    """Of a press whose full inks (0 or 1 of cyan, magenta, yellow, black) give these colours; what
    lies between is mixed of them."""
    straight = bytes(range(256))
    corners = (colour_of((c, m, y, k)) for c, m, y, k in product((0, 1), repeat=4))
    grid = bytes(n for light, a, b in corners for n in (light * 255 // 100, a + 128, b + 128))
    unit = struct.pack(">9i", *(65536 * (n in {0, 4, 8}) for n in range(9)))
    table = struct.pack(">4s4x4B", b"mft1", 4, 3, 2, 0) + unit + straight * 4 + grid + straight * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _WHITE, b"A2B0": table})


def _profile(use: bytes, space: bytes, between: bytes, tags: dict[bytes, bytes]) -> bytes:
    at, entries, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        entries += struct.pack(">4sII", name, at + len(body), len(content))
        body += padded
    white = struct.pack(">3i", 63190, 65536, 54061)
    head = struct.pack(
        ">I4sI4s4s4s12x4s28x12s48x", at + len(body), b"", 0x02400000, use, space, between, b"acsp", white
    )  # fmt: skip
    assert len(head) == 128
    return head + struct.pack(">I", len(tags)) + entries + body
