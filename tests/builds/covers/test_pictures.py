"""What is made of the pictures of strangers."""

from __future__ import annotations

import io
import time
import zlib

import pytest
from PIL import Image, ImageCms

from builds.covers import pictures
from ghost.core.errors import RefusedError
from tests.builds import colour_profiles
from tests.builds.pictures import image, opened, png

NO_IMAGE = "It is not a JPEG, PNG, WebP, GIF or AVIF image."
TOO_LARGE = "It has more than 40 million pixels."


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    body = io.BytesIO()
    picture.save(body, kind, **options)
    return body.getvalue()


def chunks(webp: bytes) -> list[bytes]:
    """The names of the parts of a WebP file."""
    found, at = [], 12
    while at < len(webp):
        found.append(webp[at : at + 4])
        size = int.from_bytes(webp[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return found


def pixel(picture: Image.Image, x: int, y: int) -> tuple[int, ...]:
    """Its channels at a place."""
    found = picture.getpixel((x, y))
    assert isinstance(found, tuple)
    return found


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF"])
def test_draw_writes_two_sizes_of_webp(kind):
    drawn = pictures.draw(image(kind=kind))

    page, thumb = opened(drawn.page), opened(drawn.thumb)
    assert (page.format, page.size) == ("WEBP", (800, 600))
    assert (thumb.format, thumb.size) == ("WEBP", (160, 120))
    assert (drawn.width, drawn.height) == (800, 600)


def test_draw_leaves_small_images_small():
    drawn = pictures.draw(image((30, 20)))

    assert (opened(drawn.page).size, opened(drawn.thumb).size) == ((30, 20), (30, 20))


def test_draw_gives_equal_bytes_for_equal_bytes():
    body = saved(Image.effect_noise((900, 700), 60), "PNG")

    assert pictures.draw(body) == pictures.draw(body)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_draw_turns_upright_and_drops_all_but_pixels(kind):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "a camera"
    exif.get_ifd(0x8825)[1] = "N"  # where it was taken
    profile = colour_profiles.srgb()
    body = image(kind=kind, exif=exif, icc_profile=profile, xmp=b"<x:xmpmeta/>", comment=b"secret")

    drawn = pictures.draw(body)

    assert (drawn.width, drawn.height) == (600, 800)
    assert [chunks(drawn.page), chunks(drawn.thumb)] == [[b"VP8 "], [b"VP8 "]]
    assert dict(opened(drawn.page).getexif()) == {}


@pytest.mark.parametrize(
    ("mode", "colour", "wanted"),
    [
        ("RGBA", (200, 50, 0, 128), "RGBA"),
        ("LA", (200, 128), "RGBA"),
        ("L", 200, "RGB"),
        ("1", 1, "RGB"),
        ("P", 3, "RGB"),
    ],
)
def test_draw_keeps_transparency_and_takes_any_kind_of_pixel(mode, colour, wanted):
    assert opened(pictures.draw(image(mode=mode, colour=colour)).page).mode == wanted


def test_draw_keeps_the_transparency_of_a_palette():
    picture = Image.new("P", (40, 40), 3)
    picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
    body = saved(picture, "PNG", transparency=3)

    page = opened(pictures.draw(body).page)

    assert (page.mode, pixel(page, 9, 9)[3]) == ("RGBA", 0)


def test_draw_keeps_the_transparency_of_a_single_colour():
    body = image((40, 40), colour=(10, 200, 30), transparency=(10, 200, 30))

    page = opened(pictures.draw(body).page)

    assert (page.mode, pixel(page, 9, 9)[3]) == ("RGBA", 0)


def test_draw_brings_sixteen_bits_of_grey_to_eight():
    body = saved(Image.new("I;16", (64, 64), 0x8000), "PNG")

    red, green, blue = pixel(opened(pictures.draw(body).page).convert("RGB"), 30, 30)

    assert (abs(red - 128) <= 2, abs(green - 128) <= 2, abs(blue - 128) <= 2) == (True,) * 3


def test_draw_reads_sixteen_bits_of_colour():
    row = b"\0" + b"\xff\xff\x80\x00\x00\x00" * 16
    body = png(16, 16, (b"IDAT", zlib.compress(row * 16)), depth=16)

    red, green, blue = pixel(opened(pictures.draw(body).page), 8, 8)

    assert (red > 245, abs(green - 128) < 8, blue < 10) == (True, True, True)


def test_draw_takes_the_inks_of_print_for_colours():
    body = image(kind="JPEG", mode="CMYK", colour=(0, 255, 255, 0))

    red, green, blue = pixel(opened(pictures.draw(body).page), 400, 300)

    assert (red > 230, green < 25, blue < 25) == (True, True, True)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_draw_takes_the_first_frame_of_what_moves(kind):
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("#ff0000", "#00ff00", "#0000ff")]
    body = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)

    page = opened(pictures.draw(body).page)

    red, green, _blue = pixel(page.convert("RGB"), 30, 30)
    assert (getattr(page, "n_frames", 1), red > 230, green < 25) == (1, True, True)


def test_draw_leaves_what_follows_an_image_behind():
    assert b"<script>" not in pictures.draw(image() + b"<script>alert(1)</script>").page


def scans(count: int) -> bytes:
    """A progressive JPEG with one of its scans repeated."""
    body = image((64, 64), "JPEG", progressive=True)
    at = body.rindex(b"\xff\xda")
    return body[:at] + body[at:-2] * count + body[-2:]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", NO_IMAGE),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>", NO_IMAGE),
        (b"<!doctype html><title>Not found</title>", NO_IMAGE),
        (b"%PDF-1.7\n", NO_IMAGE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", NO_IMAGE),
        (image(kind="TIFF"), NO_IMAGE),
        (image(kind="BMP"), NO_IMAGE),
        (image((64, 64), kind="ICO"), NO_IMAGE),
        (png(60_000, 60_000, (b"IDAT", zlib.compress(bytes(1000)))), TOO_LARGE),
        (image((8000, 6000)), TOO_LARGE),
        (b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + b",\0\0\0\0\xff\xff\xff\xff\0\2\1\0\0;",
         TOO_LARGE),
        (png(1, 40_000_000, (b"IDAT", zlib.compress(bytes(1000)))),
         "It is more than 20,000 pixels wide or high."),
        (png(20_001, 2, (b"IDAT", zlib.compress(bytes(1000)))),
         "It is more than 20,000 pixels wide or high."),
        (scans(51), "It is a JPEG of more than 50 scans."),
        (image()[:200], "The image can't be decoded (OSError)."),
        (image(kind="JPEG")[:-2000], "The image can't be decoded (OSError)."),
        (png(9, 9, (b"zTXt", b"x\0\0" + zlib.compress(bytes(50_000_000)))),
         "The image can't be decoded (ValueError)."),
    ],
    ids=["empty", "svg", "html", "pdf", "eps", "tiff", "bmp", "ico", "bomb", "large", "gif-bomb",
         "strip", "long", "scans", "cut-png", "cut-jpeg", "text-bomb"],
)  # fmt: skip
def test_draw_refuses_what_is_no_cover(body, told):
    began = time.monotonic()

    with pytest.raises(RefusedError) as refused:
        pictures.draw(body)

    assert str(refused.value) == told
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "GIF"])
def test_draw_refuses_half_an_image(kind):
    whole = saved(Image.effect_noise((600, 400), 60).convert("RGB"), kind)

    with pytest.raises(RefusedError):
        pictures.draw(whole[: len(whole) // 2])


def test_draw_takes_an_ordinary_progressive_image():
    assert pictures.draw(image(kind="JPEG", progressive=True)).width == 800


def mean(webp: bytes) -> tuple[int, ...]:
    return pixel(opened(webp).convert("RGB").resize((1, 1)), 0, 0)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_draw_of_a_picture_in_srgb_keeps_its_colours(kind):
    profile = colour_profiles.srgb()
    picture = Image.new("RGB", (64, 64), (200, 60, 30))

    drawn = pictures.draw(saved(picture, kind, icc_profile=profile))

    assert all(abs(a - b) <= 4 for a, b in zip(mean(drawn.page), (200, 60, 30), strict=True))


@pytest.mark.parametrize(
    "profile",
    [
        b"broken",
        colour_profiles.swapped()[:300],
        colour_profiles.grey(1.0),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes(),
    ],
    ids=["no profile", "cut off", "of grey", "of no device"],
)
def test_draw_ignores_a_profile_that_is_broken_or_of_another_space(profile):
    picture = Image.new("RGBA", (64, 64), (200, 60, 30, 255))

    drawn = pictures.draw(saved(picture, "PNG", icc_profile=profile))

    assert all(abs(a - b) <= 4 for a, b in zip(mean(drawn.page), (200, 60, 30), strict=True))


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGB", "JPEG"), ("RGB", "PNG"), ("RGBA", "PNG"), ("P", "PNG")]
)
def test_draw_brings_the_colours_of_another_space_to_those_of_the_web(mode, kind):
    picture = Image.new("RGB", (64, 64), (200, 60, 30)).convert(mode)

    drawn = pictures.draw(saved(picture, kind, icc_profile=colour_profiles.swapped()))

    assert all(abs(a - b) <= 6 for a, b in zip(mean(drawn.page), (60, 200, 30), strict=True))


def test_draw_ignores_a_profile_that_is_too_long():
    profile = colour_profiles.swapped().ljust(pictures.MAX_PROFILE_BYTES + 1, b"\0")
    body = image((64, 64), "JPEG", colour=(200, 60, 30), icc_profile=profile)

    assert is_near(pictures.draw(body), (200, 60, 30))


def test_draw_ignores_a_broken_profile_of_a_press():
    profile = colour_profiles.press(lambda inks: colour_profiles.BLACK)[:400]
    body = image((64, 64), "JPEG", "CMYK", (0, 255, 255, 0), icc_profile=profile)

    assert is_near(pictures.draw(body), (255, 0, 0))


LIGHT = 188
"""Half of all light, in sRGB; what is 128 in a space whose values are light."""


@pytest.mark.parametrize(
    ("mode", "kind", "colour"),
    [
        ("L", "JPEG", 128),
        ("L", "PNG", 128),
        ("L", "AVIF", 128),
        ("I;16", "PNG", 0x8080),
        ("LA", "PNG", (128, 255)),
    ],
)
def test_draw_follows_a_profile_of_grey(mode, kind, colour):
    body = image((64, 64), kind, mode, colour, icc_profile=colour_profiles.grey(1.0))

    assert is_near(pictures.draw(body), (LIGHT, LIGHT, LIGHT))


@pytest.mark.parametrize(
    ("mode", "colour", "more", "alpha"),
    [
        ("LA", (128, 90), {}, 90),
        ("L", 128, {"transparency": 128}, 0),
        ("L", 128, {"transparency": 7}, 255),
    ],
)
def test_draw_keeps_the_transparency_of_grey_with_a_profile(mode, colour, more, alpha):
    body = image((64, 64), "PNG", mode, colour, icc_profile=colour_profiles.grey(1.0), **more)

    page = opened(pictures.draw(body).page).convert("RGBA")

    assert abs(pixel(page, 9, 9)[3] - alpha) <= 2
    assert not alpha or abs(pixel(page, 9, 9)[0] - LIGHT) <= 4


def of_odd_inks(inks: tuple[int, int, int, int]) -> colour_profiles.Lab:
    """A press whose cyan is green, and whose other inks are red; several together are black."""
    if sum(inks) > 1 or inks[3]:
        return colour_profiles.BLACK
    if inks[0]:
        return colour_profiles.GREEN
    return colour_profiles.RED if sum(inks) else colour_profiles.WHITE


@pytest.mark.parametrize(
    ("inks", "plain", "by_profile"),
    [
        ((0, 0, 0, 0), (255, 255, 255), (255, 255, 255)),
        ((255, 0, 0, 0), (0, 255, 255), (0, 255, 0)),
        ((0, 255, 0, 0), (255, 0, 255), (255, 0, 0)),
        ((0, 0, 0, 255), (0, 0, 0), (0, 0, 0)),
    ],
    ids=["paper", "cyan", "magenta", "black"],
)
def test_draw_prints_the_inks_of_a_jpeg_as_its_profile_has_them(inks, plain, by_profile):
    profile = colour_profiles.press(of_odd_inks)
    with_profile = image((64, 64), "JPEG", "CMYK", inks, quality=95, icc_profile=profile)
    without = image((64, 64), "JPEG", "CMYK", inks, quality=95)

    assert b"Adobe" in without[:40] + with_profile[:40]  # its inks are stored inverted
    assert is_near(pictures.draw(without), plain)
    assert is_near(pictures.draw(with_profile), by_profile)


def test_draw_takes_inks_of_no_known_program_as_browsers_do():
    """Without Adobe's mark nothing tells whether they are inverted; nearly all are."""
    body = image((64, 64), "JPEG", "CMYK", (0, 255, 255, 0), quality=95)
    at = body.index(b"\xff\xee")
    unmarked = body[:at] + body[at + 2 + int.from_bytes(body[at + 2 : at + 4], "big") :]

    assert is_near(pictures.draw(unmarked), (255, 0, 0))


def test_draw_follows_the_profile_of_sixteen_bits_of_colour():
    row = b"\0" + b"\xc8\xc8\x3c\x3c\x1e\x1e" * 16
    packed = b"icc\0\0" + zlib.compress(colour_profiles.swapped())
    body = png(16, 16, (b"iCCP", packed), (b"IDAT", zlib.compress(row * 16)), depth=16)

    assert is_near(pictures.draw(body), (60, 200, 30))


def is_near(drawn: pictures.DrawnCover, wanted: tuple[int, int, int]) -> bool:
    """Whether both sizes have this colour, but for what WebP loses."""
    return all(
        abs(one - other) <= 12
        for body in (drawn.page, drawn.thumb)
        for one, other in zip(mean(body), wanted, strict=True)
    )
