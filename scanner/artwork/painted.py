"""Painters that mix fields of colour: landscapes, glass, ink, water, night skies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from scanner.artwork.canvas import (
    Colour,
    Field,
    as_field,
    blend,
    enlarged,
    from_image,
    grid,
    half,
    noise,
    palette,
    ramp,
    shade,
    smooth,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

Size = tuple[int, int]
_WHITE: Colour = (255, 255, 255)
_BLACK: Colour = (0, 0, 0)


def _ridge(rng: np.random.Generator, width: int, height: int, rough: float) -> Field:
    """A skyline: heights around 0, ``float32[1, width]``, rougher for larger ``rough``."""
    x = np.arange(width, dtype=np.float32) / np.float32(height)
    line = np.zeros(width, np.float32)
    for octave in range(7):
        frequency = 1.3 * 1.9**octave * (0.8 + 0.4 * rng.random())
        phase = rng.random() * 6.2832
        line += np.float32(rough**octave) * np.sin(np.float32(frequency * 6.2832 / 2) * x + np.float32(phase))
    return (line / np.float32(2.2))[None, :]


def moonrise(rng: np.random.Generator, size: Size) -> Field:
    """Layers of hills, paler with distance, below a large moon or sun."""
    width, height = size
    colours = palette(rng)
    x, y = grid(width, height)
    night = bool(rng.integers(2))
    sky = colours[:3] if night else [colours[2], colours[3], colours[4]]
    picture = ramp(sky, np.broadcast_to(y * 1.25 + 0.25 * (noise(rng, size, 3) - 0.5), (height, width)))
    cx, cy = width / height * rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.42)
    radius = rng.uniform(0.07, 0.15)
    away = np.sqrt((x - cx) ** 2 + (y - cy) ** 2)
    glow = as_field(colours[4] if night else shade(colours[4], _WHITE, 0.4))
    picture = blend(picture, glow, (0.55 * np.exp(-((away / (radius * 2.6)) ** 2))).astype(np.float32))
    picture = blend(picture, glow, smooth(radius + 0.002, radius - 0.002, away))
    layers = int(rng.integers(4, 7))
    for layer in range(layers):
        depth = (layer + 1) / layers
        base = 0.42 + 0.5 * depth**1.2 + rng.uniform(-0.04, 0.04)
        crest = base + (0.16 - 0.07 * depth) * _ridge(rng, width, height, 0.52)
        body = shade(shade(sky[-1], colours[1], 0.35), colours[0], depth)
        haze = as_field(shade(body, sky[-1], 0.45 * (1 - depth) + 0.12))
        below = np.clip((y - crest) / 0.35, 0, 1)
        tone = as_field(body) + (haze - as_field(body)) * below[..., None]
        picture += (tone - picture) * smooth(-0.0012, 0.0012, (y - crest).astype(np.float32))[..., None]
    return picture


def glass(rng: np.random.Generator, size: Size) -> Field:
    """Stained glass: cells of light in dark lead."""
    width, height = size
    colours = palette(rng)
    x, y = grid(width, height)
    count = int(rng.integers(60, 140))
    spots = rng.random((count, 2)).astype(np.float32) * np.array((width / height, 1.0), np.float32)
    bent_x = np.broadcast_to(x, (height, width)) + 0.02 * noise(rng, size, 5, 2)
    bent_y = np.broadcast_to(y, (height, width)) + 0.02 * noise(rng, size, 5, 2)
    small = (slice(None, None, 2), slice(None, None, 2))
    nearest, second, cell = _two_nearest(bent_x[small], bent_y[small], spots)
    big = Image.fromarray(second - nearest).resize(size, Image.Resampling.BICUBIC)
    centre = np.array((width / height * rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.7)), np.float32)
    far = np.sqrt(((spots - centre) ** 2).sum(axis=1))
    rings = np.sin(far * np.float32(rng.uniform(5, 11))) * 0.4 + 0.5
    tones = ramp(colours[1:], np.clip(rings + rng.normal(0, 0.16, count), 0, 1).astype(np.float32))
    pane = Image.fromarray(np.rint(tones[cell] * 255).astype(np.uint8)).resize(size, Image.Resampling.NEAREST)
    light = 0.78 + 0.44 * noise(rng, size, 9, 3)
    picture = from_image(pane) * light[..., None]
    lead = smooth(0.006, 0.012, np.asarray(big))
    dark = as_field(shade(colours[0], _BLACK, 0.5))
    return dark + (picture - dark) * lead[..., None]


def _two_nearest(x: Field, y: Field, spots: Field) -> tuple[Field, Field, NDArray[np.intp]]:
    """Distance to the nearest and second nearest spot of every pixel, and which is the nearest."""
    nearest = np.full(x.shape, 9.0, np.float32)
    second = nearest.copy()
    cell = np.zeros(x.shape, np.intp)
    for index, (sx, sy) in enumerate(spots):
        away = np.sqrt((x - sx) ** 2 + (y - sy) ** 2)
        closer = away < nearest
        second = np.where(closer, nearest, np.minimum(second, away))
        nearest = np.where(closer, away, nearest)
        cell[closer] = index
    return nearest, second, cell


def ink_mountains(rng: np.random.Generator, size: Size) -> Field:
    """Ink wash: peaks in mist, a red seal, a little boat."""
    width, height = size
    paper = as_field(((244, 238, 224), (238, 232, 222), (247, 241, 231))[int(rng.integers(3))])
    ink = as_field(((28, 32, 38), (34, 28, 26), (22, 34, 48))[int(rng.integers(3))])
    x, y = grid(width, height)
    picture = np.broadcast_to(paper, (height, width, 3)) * (0.94 + 0.1 * noise(rng, size, 3))[..., None]
    layers = int(rng.integers(3, 6))
    for layer in range(layers):
        depth = (layer + 1) / layers
        peaks = _ridge(rng, width, height, 0.56)
        centre = width / height * rng.uniform(0.1, 0.9)
        mound = np.exp(-(((x - centre) / rng.uniform(0.22, 0.5)) ** 2))
        crest = 0.3 + 0.45 * depth - 0.26 * mound + 0.05 * peaks
        below = y - crest
        wash = np.exp(-np.clip(below, 0, None) / np.float32(0.1 + 0.14 * rng.random()))
        dry = 0.65 + 0.7 * (noise(rng, size, 14, 4) - 0.35)
        cover = smooth(-0.002, 0.003, below.astype(np.float32)) * wash * dry * np.float32(0.3 + 0.62 * depth)
        picture = blend(picture, ink, np.clip(cover, 0, 1).astype(np.float32))
    return _seal_and_boat(rng, picture, size)


def _seal_and_boat(rng: np.random.Generator, picture: Field, size: Size) -> Field:
    width, height = size
    image = Image.fromarray(np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    unit = height / 100
    side = 5.5 * unit
    left, top = (width - 12 * unit if rng.integers(2) else 6 * unit), 6 * unit
    pen.rounded_rectangle((left, top, left + side, top + side), radius=unit * 0.7, fill=(178, 42, 32))
    for row in range(3):
        for column in range(3):
            if rng.random() < 0.62:
                x, y = left + (0.9 + 1.4 * column) * unit, top + (0.9 + 1.4 * row) * unit
                pen.rectangle((x, y, x + 0.9 * unit, y + 0.9 * unit), fill=(244, 226, 208))
    x, y, length = width * rng.uniform(0.2, 0.8), height * rng.uniform(0.87, 0.93), 7 * unit
    pen.chord((x - length, y - 1.6 * unit, x + length, y + 1.6 * unit), 0, 180, fill=(30, 28, 28))
    pen.line((x + 2 * unit, y, x + 2 * unit, y - 6 * unit), fill=(30, 28, 28), width=max(1, round(0.35 * unit)))
    pen.polygon(
        ((x + 1.6 * unit, y - 6 * unit), (x + 1.6 * unit, y - unit), (x - 3.4 * unit, y - unit)), fill=(150, 120, 96)
    )
    return from_image(image)


def watercolour(rng: np.random.Generator, size: Size) -> Field:
    """Transparent blooms on white paper, darker at their rims; washes first, small drops last."""
    width, height = half(size)
    colours = palette(rng)
    x, y = grid(width, height)
    picture = np.broadcast_to(as_field((252, 249, 242)), (height, width, 3)).astype(np.float32)
    paper = noise(rng, (width, height), 36, 2)
    blooms = int(rng.integers(14, 24))
    for bloom in range(blooms):
        colour = as_field(shade(colours[int(rng.integers(4))], _WHITE, rng.uniform(0.0, 0.3)))
        cx, cy = width / height * rng.uniform(0.02, 0.98), rng.uniform(0.02, 0.98)
        radius = (rng.uniform(0.2, 0.42), rng.uniform(0.08, 0.2), rng.uniform(0.02, 0.05))[min(2, bloom * 3 // blooms)]
        stretch, turn = rng.uniform(0.6, 1.7), rng.uniform(0, 3.1416)
        u = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)
        v = ((y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)) * stretch
        wobble = np.float32(0.8) * (noise(rng, (width, height), 4 + 0.3 / radius, 3) - np.float32(0.5))
        edge = (np.sqrt(u * u + v * v) / radius + wobble).astype(np.float32)
        rim = np.exp(-(((edge - np.float32(0.95)) / np.float32(0.05)) ** 2))
        density = smooth(1.0, 0.95, edge) * (0.36 + 0.3 * rim + 0.25 * (paper - 0.5) + 0.26 * smooth(0.2, 1.0, edge))
        picture *= 1 - density[..., None] * (1 - colour)
    return enlarged(picture, size)


def starry_night(rng: np.random.Generator, size: Size) -> Field:
    """A sky of eddies stroked along their flow, stars with halos, a dark town and a cypress below."""
    width, height = half(size)
    colours = palette(rng)
    x, y = grid(width, height)
    soft = noise(rng, (width, height), 3, 3)
    bands = np.sin(y * np.float32(rng.uniform(18, 30)) + 7 * soft + 2 * x)
    for _ in range(int(rng.integers(3, 6))):
        cx, cy, reach = width / height * rng.uniform(0.08, 0.92), rng.uniform(0.1, 0.55), rng.uniform(0.12, 0.26)
        away = np.sqrt((x - cx) ** 2 + (y - cy) ** 2).astype(np.float32)
        turn = np.arctan2(y - cy, x - cx).astype(np.float32)
        # A whole number of arms, or the spiral would break where the angle jumps from -180 to 180 degrees.
        arms = np.float32(rng.choice((-2, -1, 1, 2)))
        spiral = np.sin(arms * turn + away / np.float32(reach) * 9 + 2 * soft)
        bands += (spiral - bands) * smooth(1.15, 0.5, away / np.float32(reach))
    strokes = noise(rng, (width, height), 34, 2)
    tone = np.clip(0.1 + 0.27 * (bands + 1) + 0.34 * (strokes - 0.35) + 0.22 * y, 0, 1).astype(np.float32)
    picture = ramp([colours[0], colours[1], shade(colours[1], colours[3], 0.6), colours[3]], tone)
    for _ in range(int(rng.integers(7, 14))):
        cx, cy, reach = width / height * rng.random(), rng.uniform(0.03, 0.55), rng.uniform(0.01, 0.035)
        away = np.sqrt((x - cx) ** 2 + (y - cy) ** 2).astype(np.float32)
        rings = (0.55 + 0.45 * np.cos(away / reach * 5)) * np.exp(-((away / (2.6 * reach)) ** 2))
        picture = blend(picture, as_field(colours[4]), np.clip(0.85 * rings, 0, 1).astype(np.float32))
        picture = blend(picture, as_field(shade(colours[4], _WHITE, 0.6)), smooth(reach, reach * 0.7, away))
    hill = 0.76 + 0.08 * _ridge(rng, width, height, 0.45)
    ground = ramp([shade(colours[0], _BLACK, 0.45), colours[1]], 0.25 + 0.5 * strokes * (1 - y))
    picture += (ground - picture) * smooth(-0.002, 0.004, (y - hill).astype(np.float32))[..., None]
    return _town(rng, enlarged(picture, size), size, colours)


def _town(rng: np.random.Generator, picture: Field, size: Size, colours: list[Colour]) -> Field:
    width, height = size
    image = Image.fromarray(np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    unit = height / 100
    dark = shade(colours[0], _BLACK, 0.35)
    middle = width * rng.uniform(0.25, 0.75)
    for house in range(int(rng.integers(7, 13))):
        x = middle + (house - 5) * rng.uniform(5, 7) * unit
        w, h, foot = rng.uniform(4, 7) * unit, rng.uniform(4, 9) * unit, 92 * unit + rng.uniform(-2, 3) * unit
        pen.rectangle((x, foot - h, x + w, foot), fill=shade(dark, colours[2], rng.uniform(0.1, 0.5)))
        pen.polygon(((x - unit, foot - h), (x + w / 2, foot - h - 3 * unit), (x + w + unit, foot - h)), fill=dark)
        if rng.random() < 0.75:
            pen.rectangle(
                (x + w * 0.35, foot - h * 0.6, x + w * 0.62, foot - h * 0.25), fill=shade(colours[4], colours[3], 0.4)
            )
    x, w = width * (0.12 if middle > width / 2 else 0.88), 6 * unit
    points = [(x + w * np.sin(t / 12 * 3.1416) * (1 if side else -1), 100 * unit - 75 * unit * t / 12)
              for side in (0, 1) for t in (range(13) if side else range(12, -1, -1))]  # fmt: skip
    pen.polygon([(float(px), float(py)) for px, py in points], fill=dark)
    return from_image(image.filter(ImageFilter.SMOOTH))


def waves(rng: np.random.Generator, size: Size) -> Field:
    """Rows of scalloped waves below a disc, as in a woodblock print."""
    width, height = size
    colours = palette(rng)
    scale = 2
    w, h = width * scale, height * scale
    image = Image.new("RGB", (w, h), colours[4])
    pen = ImageDraw.Draw(image)
    warmth = rng.uniform(0.3, 0.9)
    for band in range(12):
        share = band / 12
        pen.rectangle(
            (0, h * share * 0.6, w, h * 0.6), fill=shade(shade(colours[4], colours[3], warmth), colours[4], share)
        )
    radius, cx, cy = h * rng.uniform(0.12, 0.2), w * rng.uniform(0.2, 0.8), h * rng.uniform(0.2, 0.38)
    pen.ellipse((cx - radius, cy - radius, cx + radius, cy + radius), fill=colours[2])
    rows, horizon = int(rng.integers(5, 10)), rng.uniform(0.24, 0.62)
    heave = h * rng.uniform(0.02, 0.13)
    for row in range(rows):
        depth = (row + 1) / rows
        step = h * (0.09 + 0.15 * depth) * rng.uniform(0.85, 1.15)
        y = h * (horizon + (0.97 - horizon) * depth)
        phase, length = rng.uniform(0, 6.28), rng.uniform(3, 9)
        count = int(w / step) + 3
        for index in range(count):
            x = (index - 1 + (row % 2) / 2) * step
            _scallop(pen, (x, y + heave * float(np.sin(x / w * length + phase))), step * 0.56, colours, depth)
    return from_image(image.resize(size, Image.Resampling.BOX))


def _scallop(
    pen: ImageDraw.ImageDraw, centre: tuple[float, float], radius: float, colours: list[Colour], depth: float
) -> None:
    x, y = centre
    deep = shade(colours[1], colours[0], depth)
    foam = shade(colours[4], colours[1], 0.25 * (1 - depth))
    for ring in range(5):
        r = radius * (1 - ring * 0.21)
        pen.ellipse((x - r, y - r, x + r, y + r), fill=foam if ring % 2 == 0 and ring else deep)
        if ring == 0:
            pen.ellipse((x - r * 0.93, y - r * 0.93, x + r * 0.93, y + r * 0.93), fill=foam)
            pen.ellipse((x - r * 0.86, y - r * 0.86, x + r * 0.86, y + r * 0.86), fill=deep)
