"""Pictures drawn by rule: covers of the demo's works, and the images in them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Motif = Callable[[ImageDraw.ImageDraw, "Palette", random.Random], None]

COVER_SIZE = (960, 600)
_SMOOTH = 2
"""Drawn so many times larger, then shrunk: lines without steps."""
WIDE, HIGH = COVER_SIZE[0] * _SMOOTH, COVER_SIZE[1] * _SMOOTH


class Palette:
    """Colours of one picture: the sky from top to bottom, and the ink from far to near."""

    def __init__(self, top: str, bottom: str, far: str, near: str) -> None:
        self.top, self.bottom, self.far, self.near = map(_colour, (top, bottom, far, near))

    def ink(self, nearness: float) -> Colour:
        """Between far (0) and near (1)."""
        return _mix(self.far, self.near, nearness)


def _colour(digits: str) -> Colour:
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def cover(motif: str, palette: Palette, number: int) -> bytes:
    """A cover as PNG; the same for the same arguments."""
    picture = _sky(palette)
    MOTIFS[motif](ImageDraw.Draw(picture), palette, random.Random(number))  # noqa: S311  # a picture
    return png(picture.resize(COVER_SIZE, Image.Resampling.LANCZOS))


def png(picture: Image.Image) -> bytes:
    """The picture as a PNG file."""
    body = BytesIO()
    picture.save(body, "PNG", optimize=True)
    return body.getvalue()


def _sky(palette: Palette) -> Image.Image:
    column = Image.new("RGB", (1, HIGH))
    for y in range(HIGH):
        column.putpixel((0, y), _mix(palette.top, palette.bottom, y / HIGH))
    return column.resize((WIDE, HIGH))


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: Colour) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _ridges(draw: ImageDraw.ImageDraw, palette: Palette, dice: random.Random) -> None:
    _disc(draw, WIDE * dice.uniform(0.6, 0.8), HIGH * 0.3, HIGH * 0.11, palette.ink(0))
    for row in range(6):
        waves = [(dice.uniform(1, 9), dice.uniform(0, 6.3), dice.uniform(10, 90)) for _ in range(4)]
        level = HIGH * (0.42 + 0.11 * row)
        line = [
            (x, level + sum(h * math.sin(f * x / WIDE * 3.1 + p) for f, p, h in waves))
            for x in range(0, WIDE + 9, 8)
        ]
        draw.polygon([(0, HIGH), *line, (WIDE, HIGH)], fill=palette.ink((row + 1) / 6))


def _waves(draw: ImageDraw.ImageDraw, palette: Palette, dice: random.Random) -> None:
    for row in range(26):
        phase, width = dice.uniform(0, 0.6), dice.uniform(0.08, 0.2)
        line = []
        for x in range(0, WIDE + 6, 6):
            place = x / WIDE - 0.5
            swell = math.exp(-((place / width) ** 2) / 2) * HIGH * 0.13
            line.append((x, HIGH * (0.08 + 0.034 * row) - swell * math.sin(place * 60 + phase)))
        draw.line(line, fill=palette.ink(row / 25), width=5, joint="curve")


def _moons(draw: ImageDraw.ImageDraw, palette: Palette, dice: random.Random) -> None:
    for _ in range(160):
        _disc(draw, dice.random() * WIDE, dice.random() * HIGH, dice.uniform(1, 3.5), palette.far)
    for i in range(7):
        x, y, radius = WIDE * (i + 1) / 8, HIGH * (0.5 - 0.16 * math.sin(math.pi * i / 6)), 86
        _disc(draw, x, y, radius, palette.ink(0.85))
        lit = abs(i - 3) / 3
        draw.pieslice(
            (x - radius, y - radius, x + radius, y + radius), -90 if i < 4 else 90,
            90 if i < 4 else 270, fill=palette.far,
        )  # fmt: skip
        inner = radius * (1 - 2 * lit)
        draw.ellipse(
            (x - abs(inner), y - radius, x + abs(inner), y + radius),
            fill=palette.far if inner > 0 else palette.ink(0.85),
        )


def _spiral(draw: ImageDraw.ImageDraw, palette: Palette, _dice: random.Random) -> None:
    """The Ulam spiral: numbers wound up from the middle, primes shown."""
    x = y = 0
    step, dx, dy, number = 26, 1, 0, 1
    for length in range(1, 88):
        for _ in range(2):
            for _ in range(length):
                if is_prime(number):
                    nearness = min(1.0, math.hypot(x, y) / 42)
                    at = WIDE / 2 + x * step, HIGH / 2 + y * step
                    _disc(draw, *at, 9 - 4 * nearness, palette.ink(1 - nearness))
                x, y, number = x + dx, y + dy, number + 1
            dx, dy = dy, -dx


def _tiles(
    draw: ImageDraw.ImageDraw, palette: Palette, dice: random.Random, *, step: int = 150
) -> None:
    """Truchet tiles: quarter circles that meet at random."""
    for left in range(0, WIDE, step):
        for top in range(0, HIGH, step):
            ink = palette.ink((left / WIDE + top / HIGH) / 2)
            flip = dice.random() < 0.5
            for cx, cy, start in (
                ((left, top, 0), (left + step, top + step, 180))
                if flip
                else ((left + step, top, 90), (left, top + step, 270))
            ):
                for share, colour in ((0.72, ink), (0.28, palette.top)):
                    r = step * share
                    draw.pieslice((cx - r, cy - r, cx + r, cy + r), start, start + 90, fill=colour)


def _cells(draw: ImageDraw.ImageDraw, palette: Palette, dice: random.Random) -> None:
    """Conway's Life after some generations from noise, older cells fainter."""
    wide, high, step = 64, 40, WIDE // 64
    alive = {(dice.randrange(wide), dice.randrange(high)) for _ in range(900)}
    for generation in range(12):
        for x, y in alive:
            box = (x * step + 3, y * step + 3, (x + 1) * step - 3, (y + 1) * step - 3)
            draw.rounded_rectangle(box, 6, fill=palette.ink(generation / 11))
        alive = next_generation(alive, wide, high)


def _rays(draw: ImageDraw.ImageDraw, palette: Palette, dice: random.Random) -> None:
    cx, cy = WIDE * dice.uniform(0.3, 0.7), HIGH * 1.02
    for i in range(36):
        angle = math.pi * (1 + i / 36)
        ends = [
            (cx + WIDE * math.cos(a), cy + WIDE * math.sin(a))
            for a in (angle, angle + math.pi / 72)
        ]
        draw.polygon([(cx, cy), *ends], fill=palette.ink(0.25 + 0.5 * (i % 2)))
    for i in range(5):
        _disc(draw, cx, cy, HIGH * (0.5 - 0.09 * i), palette.ink(1 - i / 5))


def _orbits(draw: ImageDraw.ImageDraw, palette: Palette, dice: random.Random) -> None:
    cx, cy = WIDE / 2, HIGH / 2
    for i in range(12):
        radius, angle = 90 + i * 62, dice.uniform(0, 6.3)
        box = (cx - radius, cy - radius * 0.6, cx + radius, cy + radius * 0.6)
        draw.ellipse(box, outline=palette.ink(i / 11), width=4)
        at = cx + radius * math.cos(angle), cy + radius * 0.6 * math.sin(angle)
        _disc(draw, *at, dice.uniform(12, 34), palette.ink(1 - i / 14))
    _disc(draw, cx, cy, 56, palette.near)


def _columns(draw: ImageDraw.ImageDraw, palette: Palette, dice: random.Random) -> None:
    """Lines of an unknown script, in columns from right to left."""
    for column in range(15):
        x, y = WIDE * (0.93 - column * 0.0615), HIGH * 0.1
        for _ in range(dice.randrange(5, 12)):
            for _ in range(dice.randrange(2, 5)):
                x0, y0 = x - dice.uniform(0, 52), y + dice.uniform(0, 52)
                end = (x - dice.uniform(0, 52), y0) if dice.random() < 0.5 else (x0, y + 60)
                draw.line([(x0, y0), end], fill=palette.ink(1 - column / 15), width=10)
            y += 82
    _disc(draw, WIDE * 0.12, HIGH * 0.8, 66, palette.far)


def _weave(draw: ImageDraw.ImageDraw, palette: Palette, dice: random.Random) -> None:
    """Threads between two rows of points: who sends to whom."""
    left = [(WIDE * 0.1, HIGH * (i + 1) / 14) for i in range(13)]
    right = [(WIDE * 0.9, HIGH * (i + 1) / 14) for i in range(13)]
    for i, (x, y) in enumerate(left):
        for u, v in dice.sample(right, 5):
            line = []
            for t in range(41):
                s = t / 40
                ease = s * s * (3 - 2 * s)
                line.append((x + (u - x) * s, y + (v - y) * ease))
            draw.line(line, fill=palette.ink(i / 12), width=5, joint="curve")
    for x, y in left + right:
        _disc(draw, x, y, 22, palette.near)


def _fractal(draw: ImageDraw.ImageDraw, palette: Palette, _dice: random.Random) -> None:
    step = 8
    for x, y, depth in mandelbrot(WIDE // step, HIGH // step, -0.7454, 0.1130, 0.006):
        if depth < 1:
            box = (x * step, y * step, (x + 1) * step, (y + 1) * step)
            draw.rectangle(box, fill=_mix(palette.bottom, palette.near, depth**0.6))


MOTIFS: dict[str, Motif] = {
    "ridges": _ridges,
    "waves": _waves,
    "moons": _moons,
    "spiral": _spiral,
    "tiles": _tiles,
    "fine tiles": partial(_tiles, step=75),
    "cells": _cells,
    "rays": _rays,
    "orbits": _orbits,
    "columns": _columns,
    "weave": _weave,
    "fractal": _fractal,
}


# -- mathematics


def is_prime(number: int) -> bool:
    """Whether it is one, by trial division."""
    return number > 1 and all(number % d for d in range(2, math.isqrt(number) + 1))


def next_generation(alive: set[tuple[int, int]], wide: int, high: int) -> set[tuple[int, int]]:
    """Conway's Life on a torus."""
    near: dict[tuple[int, int], int] = {}
    for x, y in alive:
        for dx, dy in ((-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)):
            cell = (x + dx) % wide, (y + dy) % high
            near[cell] = near.get(cell, 0) + 1
    return {cell for cell, n in near.items() if n == 3 or (n == 2 and cell in alive)}


def mandelbrot(
    wide: int, high: int, x: float, y: float, span: float, limit: int = 120
) -> Iterator[tuple[int, int, float]]:
    """For each pixel the share of `limit` steps that it took to escape; 1 for the inside."""
    for row in range(high):
        for column in range(wide):
            c = complex(x + (column / wide - 0.5) * span, y + (row - high / 2) / wide * span)
            z, steps = 0j, 0
            while steps < limit and z.real * z.real + z.imag * z.imag <= 4:
                z, steps = z * z + c, steps + 1
            yield column, row, steps / limit
