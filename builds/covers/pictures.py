"""Pictures decoded and drawn anew as WebP: the only place where Pillow works for the catalog.

What comes in is hostile: only pixels go out. Position, camera, profile and comments stay behind.
"""

from __future__ import annotations

import io
import threading
import warnings
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from builds import reasons
from ghost.core.errors import RefusedError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
MAX_PIXELS = 40_000_000
MAX_SIDE = 20_000
"""A strip of one pixel's height has few pixels, and takes as long as a large picture."""
MAX_SCANS = 50
"""Each scan of a progressive JPEG walks through all of the picture; ordinary ones have ten."""
VERSION = 2
"""Of how they are drawn: what another one has drawn is drawn again (`upkeep`). 1 took the pixels of each
colour space for those of sRGB."""
PAGE_PIXELS = 800
THUMB_PIXELS = 160
QUALITY = 80

MAX_PROFILE_BYTES = 4_000_000
"""Those of presses have one or two million."""
_SPACES = {"RGB ": ("RGB", "RGBA"), "GRAY": ("L", "LA"), "CMYK": ("CMYK",)}
"""Which pixels a profile of that colour space is for (ICC.1:2022, table 19)."""
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_TOO_MANY_PIXELS = reasons.TOO_MANY_PIXELS(number=MAX_PIXELS // 1_000_000)
_START_OF_SCAN = b"\xff\xda"
_decoding = threading.Lock()  # one at a time bounds the memory


@dataclass(frozen=True)
class DrawnCover:
    """A cover in both sizes, as WebP; width and height of the larger one in pixels."""

    page: bytes
    thumb: bytes
    width: int
    height: int


def draw(body: bytes) -> DrawnCover:
    """Decode an image and draw it anew; RefusedError if it isn't one that we take.

    Equal bytes give equal bytes.
    """
    with _decoding:
        return _draw(body)


def _draw(body: bytes) -> DrawnCover:
    try:
        with warnings.catch_warnings():
            # Pillow only warns of a bomb that is not twice too large.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(body), formats=FORMATS) as image:
                _require_bounded(image, body)
                return _drawn(image)
    except RefusedError:
        raise
    except UnidentifiedImageError as error:
        raise RefusedError(reasons.NO_IMAGE()) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RefusedError(_TOO_MANY_PIXELS) from error
    # Decoders meet broken files with errors of every kind.
    except Exception as error:
        raise RefusedError(reasons.NOT_DECODED(reason=type(error).__name__)) from error


def _require_bounded(image: Image.Image, body: bytes) -> None:
    """RefusedError for what would take minutes or gigabytes to decode."""
    if image.width * image.height > MAX_PIXELS:
        raise RefusedError(_TOO_MANY_PIXELS)
    if max(image.size) > MAX_SIDE:
        raise RefusedError(reasons.TOO_LONG(number=MAX_SIDE))
    # Within a scan each FF is followed by 00 or a marker of another kind (T.81, B.1.1.5).
    if image.format == "JPEG" and body.count(_START_OF_SCAN) > MAX_SCANS:
        raise RefusedError(reasons.TOO_MANY_SCANS(number=MAX_SCANS))


def _drawn(image: Image.Image) -> DrawnCover:
    image.draft("RGB", (PAGE_PIXELS * 2, PAGE_PIXELS * 2))
    profile = _profile(image)
    pixels = _colours(image) if profile is None else _own_colours(image, profile)
    # Made small before it is turned: a few copies of 40 million pixels would be half a gigabyte.
    pixels.thumbnail((PAGE_PIXELS, PAGE_PIXELS), Image.Resampling.LANCZOS)
    page = ImageOps.exif_transpose(pixels)
    page = page if profile is None else _in_srgb(page, profile)
    page.info = {}
    return DrawnCover(_webp(page), _webp(_shrunk(page, THUMB_PIXELS)), page.width, page.height)


def _colours(image: Image.Image) -> Image.Image:
    """Eight bits per colour, with or without an alpha channel."""
    if image.mode.startswith("I"):
        return _grey(image).convert("RGB")
    mode = "RGBA" if _has_alpha(image) else "RGB"
    return image if image.mode == mode and "transparency" not in image.info else image.convert(mode)


def _grey(image: Image.Image) -> Image.Image:
    """Eight bits of grey, with or without an alpha channel."""
    if image.mode.startswith("I"):  # Pillow would cut 16 bits of grey off at 255
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image.convert("LA") if _has_alpha(image) else image


def _has_alpha(image: Image.Image) -> bool:
    return "A" in image.getbands() or "transparency" in image.info


def _profile(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """The colour profile that it brings; None if there is none, or none that can be used."""
    body = image.info.get("icc_profile") or b""
    if not 0 < len(body) <= MAX_PROFILE_BYTES:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(body))
    except (OSError, ImageCms.PyCMSError):  # broken: its pixels are shown as they are
        return None


def _own_colours(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    """Eight bits per colour, in the space that the profile is of; if it is not of this picture's, as
    `_colours` has it."""
    match profile.profile.xcolor_space, image.mode:
        case "GRAY", "L" | "LA" | "I" | "I;16":
            return _grey(image)
        case "CMYK", "CMYK":
            return image
    return _colours(image)


def _in_srgb(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    """The picture in the colours that the web has, white on white and black on black."""
    if image.mode not in _SPACES.get(profile.profile.xcolor_space, ()):
        return _colours(image)
    alpha = image.getchannel("A") if "A" in image.getbands() else None
    plain = image.convert(image.mode[:-1]) if alpha else image
    found = _followed(plain, profile)
    if alpha:
        found.putalpha(alpha)
    return found


def _followed(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    try:
        found = ImageCms.profileToProfile(
            image,
            profile,
            _SRGB,
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except ImageCms.PyCMSError:  # it can't be gone from to another
        return image.convert("RGB")
    assert found is not None  # noqa: S101  # only None where it is done in place
    return found


def _shrunk(image: Image.Image, side: int) -> Image.Image:
    copy = image.copy()
    copy.thumbnail((side, side), Image.Resampling.LANCZOS)
    return copy


def _webp(image: Image.Image) -> bytes:
    body = io.BytesIO()
    image.save(body, "WEBP", quality=QUALITY, method=4)
    return body.getvalue()
