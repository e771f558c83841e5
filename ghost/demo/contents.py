"""What is in the demo's works: texts long in the public domain, and what a rule can generate."""

from __future__ import annotations

import csv
import math
import random
import struct
import wave
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from itertools import count, islice, pairwise

from PIL import Image

from ghost.demo import pictures

Contents = dict[str, bytes]

RATE_HZ = 8000
LICENCE = "Generated for this demo and dedicated to the public domain (CC0 1.0).\n"


def _text(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


# -- texts

_POEMS = {
    "静夜思（李白）": ("床前明月光，疑是地上霜。", "举头望明月，低头思故乡。"),
    "春晓（孟浩然）": ("春眠不觉晓，处处闻啼鸟。", "夜来风雨声，花落知多少。"),
    "登鹳雀楼（王之涣）": ("白日依山尽，黄河入海流。", "欲穷千里目，更上一层楼。"),
    "相思（王维）": ("红豆生南国，春来发几枝。", "愿君多采撷，此物最相思。"),
    "鹿柴（王维）": ("空山不见人，但闻人语响。", "返景入深林，复照青苔上。"),
    "江雪（柳宗元）": ("千山鸟飞绝，万径人踪灭。", "孤舟蓑笠翁，独钓寒江雪。"),
}
_SONNETS = {
    "018 Shall I compare thee": (
        "Shall I compare thee to a summer’s day?",
        "Thou art more lovely and more temperate:",
        "Rough winds do shake the darling buds of May,",
        "And summer’s lease hath all too short a date;",
        "Sometime too hot the eye of heaven shines,",
        "And often is his gold complexion dimm’d;",
        "And every fair from fair sometime declines,",
        "By chance or nature’s changing course untrimm’d;",
        "But thy eternal summer shall not fade,",
        "Nor lose possession of that fair thou ow’st;",
        "Nor shall death brag thou wander’st in his shade,",
        "When in eternal lines to time thou grow’st:",
        "So long as men can breathe or eyes can see,",
        "So long lives this, and this gives life to thee.",
    ),
    "116 Let me not to the marriage": (
        "Let me not to the marriage of true minds",
        "Admit impediments. Love is not love",
        "Which alters when it alteration finds,",
        "Or bends with the remover to remove:",
        "O no! it is an ever-fixed mark",
        "That looks on tempests and is never shaken;",
        "It is the star to every wandering bark,",
        "Whose worth’s unknown, although his height be taken.",
        "Love’s not Time’s fool, though rosy lips and cheeks",
        "Within his bending sickle’s compass come;",
        "Love alters not with his brief hours and weeks,",
        "But bears it out even to the edge of doom.",
        "If this be error and upon me proved,",
        "I never writ, nor no man ever loved.",
    ),
}
_FABLES = {
    "The Fox and the Grapes": (
        "A hungry fox saw grapes on a high trellis. It leapt, and leapt again, and could not reach",
        "them. “They are sour anyway,” it said, and walked off. It is easy to despise what one",
        "can’t have.",
    ),
    "The Crow and the Pitcher": (
        "A thirsty crow found a pitcher with water too low for its beak. It dropped in a pebble,",
        "and another, until the water stood at the rim. Little by little does the trick.",
    ),
    "The Tortoise and the Hare": (
        "A hare laughed at a tortoise, and was asked to race. Far ahead, it lay down to sleep. The",
        "tortoise plodded by, and was resting at the goal when the hare came running.",
    ),
}
_PATTERNS = {
    "glider": (3, 3, "bob$2bo$3o!"),
    "lightweight spaceship": (5, 4, "bo2bo$o4b$o3bo$4o!"),
    "r-pentomino": (3, 3, "b2o$2o$bo!"),
    "acorn": (7, 3, "bo$3bo$2o2b3o!"),
    "gosper glider gun": (
        36,
        9,
        "24bo$22bobo$12b2o6b2o12b2o$11bo3bo4b2o12b2o$2o8bo5bo3b2o$2o8bo3bob2o4bobo$10bo5bo7bo$"
        "11bo3bo$12b2o!",
    ),
}


def tang_poems() -> Contents:
    """Six poems of the Tang dynasty."""
    poems = {f"五言绝句/{name}.txt": _text(name, "", *p) for name, p in _POEMS.items()}
    return poems | {"说明.txt": _text("唐代诗人的作品，早已属于公有领域。")}


def sonnets() -> Contents:
    """Two of Shakespeare's sonnets, which are in the public domain."""
    return {f"Sonnet {name}.txt": _text(*lines) for name, lines in _SONNETS.items()}


def fables() -> Contents:
    """One text of three fables after Aesop."""
    return {"": _text(*(line for name, f in _FABLES.items() for line in (name.upper(), *f, "")))}


def life_patterns() -> Contents:
    """Patterns of Conway's Life in the RLE format."""
    files = {
        f"patterns/{name}.rle": _text(f"#N {name}", f"x = {x}, y = {y}, rule = B3/S23", rle)
        for name, (x, y, rle) in _PATTERNS.items()
    }
    return files | {"LICENSE.txt": LICENCE.encode()}


def swarm_guide() -> Contents:
    """A short guide with a picture."""
    palette = pictures.Palette("f6f1e7", "e3d5bd", "c08552", "5e3023")
    return {
        "How a magnet link finds its files.md": _text(
            "# How a magnet link finds its files", "",
            "1. The link holds a hash, and no address.",
            "2. A node close to that hash in the DHT remembers who announced it.",
            "3. These peers hand over the list of files; its hash proves that it is the right one.",
            "4. Every piece is checked the same way, wherever it came from.", "",
            "![Who sends to whom](figures/swarm.png)",
        ),
        "figures/swarm.png": pictures.cover("weave", palette, 5),
    }  # fmt: skip


# -- tables


def _csv(header: tuple[str, ...], rows: list[tuple[object, ...]]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue().encode()


def moon_phases() -> Contents:
    """Mean new and full moons, counted on from the new moon of January 2000."""
    month, moment = timedelta(days=29.530588861), datetime(2000, 1, 6, 18, 14, tzinfo=UTC)
    rows: list[tuple[object, ...]] = []
    while moment.year < 2050:
        full = moment + month / 2
        rows.append((f"{moment:%Y-%m-%d %H:%M}", f"{full:%Y-%m-%d %H:%M}"))
        moment += month
    return {"": _csv(("new_moon_utc", "full_moon_utc"), rows)}


def primes() -> Contents:
    """The first 5000 primes and the gaps between them."""
    found = list(islice((n for n in count(2) if pictures.is_prime(n)), 5001))
    rows: list[tuple[object, ...]] = [(i + 1, p, q - p) for i, (p, q) in enumerate(pairwise(found))]
    return {"": _csv(("n", "prime", "gap_to_next"), rows)}


def dice_throws() -> Contents:
    """Sums of dice, simulated, with the theory beside them."""
    dice = random.Random(1)  # noqa: S311  # a simulation
    files = {}
    for number in (2, 3, 5):
        sums = [sum(dice.randrange(1, 7) for _ in range(number)) for _ in range(20_000)]
        rows: list[tuple[object, ...]] = [
            (s, sums.count(s), f"{sums.count(s) / len(sums):.5f}")
            for s in range(number, 6 * number + 1)
        ]
        files[f"{number} dice.csv"] = _csv(("sum", "throws", "share"), rows)
    return files | {"LICENSE.txt": LICENCE.encode()}


# -- sounds


def _wav(samples: list[float]) -> bytes:
    body = BytesIO()
    with wave.open(body, "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(RATE_HZ)
        loud = [round(max(-1.0, min(1.0, s)) * 30_000) for s in samples]
        stream.writeframes(struct.pack(f"<{len(loud)}h", *loud))
    return body.getvalue()


def tones() -> Contents:
    """Sine tones of one second, faded in and out, and a sweep."""
    times = [i / RATE_HZ for i in range(RATE_HZ)]
    files = {
        f"tones/{pitch:04d} Hz.wav": _wav(
            [0.6 * math.sin(math.tau * pitch * t) * min(1, 20 * t, 20 * (1 - t)) for t in times]
        )
        for pitch in (110, 220, 440, 880, 1760)
    }
    sweep = [0.6 * math.sin(math.tau * (100 * t + 1400 * t * t / 2)) for t in times]
    return files | {"sweep 100 to 1500 Hz.wav": _wav(sweep)}


def brown_noise() -> Contents:
    """Ten seconds of brown noise, like a far waterfall."""
    dice, level = random.Random(7), 0.0  # noqa: S311  # noise
    samples = []
    for _ in range(10 * RATE_HZ):
        level = 0.985 * level + dice.uniform(-0.08, 0.08)
        samples.append(level)
    return {"": _wav(samples)}


# -- images


def landscapes() -> Contents:
    """Eight landscapes that don't exist."""
    skies = ("1b2a49", "3d2c5e", "f2b880", "8ec5d6", "f7d9c4", "243b53", "d8e2dc", "ffcdb2")
    files = {}
    for i, sky in enumerate(skies):
        palette = pictures.Palette(sky, "f4f1de", "cbd5e1", ("102a43", "3a2e39")[i % 2])
        picture = Image.open(BytesIO(pictures.cover("ridges", palette, 40 + i)))
        files[f"landscape {i + 1:02d}.png"] = pictures.png(picture.resize((480, 300)))
    return files | {"LICENSE.txt": LICENCE.encode()}


def mandelbrot_atlas() -> Contents:
    """Three places at the edge of the Mandelbrot set."""
    places = {
        "whole": (-0.6, 0.0, 3.2),
        "seahorse valley": (-0.7454, 0.113, 0.006),
        "elephant valley": (0.2925, 0.0149, 0.012),
    }
    return {f"plates/{name}.png": _plate(*place) for name, place in places.items()}


def _plate(x: float, y: float, span: float) -> bytes:
    picture = Image.new("RGB", (240, 150))
    for column, row, depth in pictures.mandelbrot(240, 150, x, y, span):
        glow = 0.0 if depth >= 1 else depth**0.5
        colour = round(255 * glow), round(180 * glow * glow), round(90 + 120 * glow * (1 - glow))
        picture.putpixel((column, row), (8, 8, 20) if depth >= 1 else colour)
    return pictures.png(picture)
