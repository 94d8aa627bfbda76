"""Painters that hold a pen: lines, tiles, planes of colour, trees.  Drawn at twice the size, then halved."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from scanner.artwork.canvas import Colour, Field, from_image, noise, palette, shade

Size = tuple[int, int]
_TWICE = 2
_BLACK: Colour = (0, 0, 0)
_WHITE: Colour = (255, 255, 255)


def _sheet(size: Size, colour: Colour) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (size[0] * _TWICE, size[1] * _TWICE), colour)
    return image, ImageDraw.Draw(image)


def _finished(image: Image.Image, size: Size) -> Field:
    return from_image(image.resize(size, Image.Resampling.BOX))


def flow(rng: np.random.Generator, size: Size) -> Field:
    """Hundreds of threads that follow one wind."""
    colours = palette(rng)
    dark = bool(rng.integers(2))
    image, pen = _sheet(size, shade(colours[0], _BLACK, 0.3) if dark else colours[4])
    width, height = image.size
    hills = noise(rng, (96, 72), float(rng.uniform(1.2, 2.6)), 2)
    angles = hills * np.float32(rng.uniform(5, 10)) + np.float32(rng.uniform(0, 6.28))
    threads = colours[1:] if dark else colours[:4]
    count, steps, stride = 520, 46, height / 95
    x = rng.uniform(-0.05, 1.05, count) * width
    y = rng.uniform(-0.05, 1.05, count) * height
    track = np.empty((steps, count, 2))
    for step in range(steps):
        track[step, :, 0], track[step, :, 1] = x, y
        cells = np.clip(y / height * 71, 0, 71).astype(np.intp), np.clip(x / width * 95, 0, 95).astype(np.intp)
        turn = angles[cells].astype(np.float64)
        x, y = x + np.cos(turn) * stride, y + np.sin(turn) * stride
    region = noise(rng, (96, 72), 1.5, 2)
    for thread in range(count):
        begin_x, begin_y = float(track[0, thread, 0]), float(track[0, thread, 1])
        column, row = min(95, max(0, int(begin_x / width * 96))), min(71, max(0, int(begin_y / height * 72)))
        tone = threads[min(3, int(region[row, column] * 4 * rng.uniform(0.8, 1.2)))]
        thick = max(1, round(height / 700 * float(rng.choice((2, 4, 7, 12)))))
        pen.line([(float(px), float(py)) for px, py in track[:, thread]], fill=tone, width=thick, joint="curve")
    return _finished(image, size)


def rose(rng: np.random.Generator, size: Size) -> Field:
    """Harmonographs: a few closed curves, each drawn many times a little smaller and turned a little further."""
    colours = palette(rng)
    dark = rng.random() < 0.6
    image, pen = _sheet(size, shade(colours[0], _BLACK, 0.45) if dark else colours[4])
    inks = colours[1:] if dark else colours[:4]
    width, height = image.size
    for flower in range(int(rng.integers(1, 5))):
        centre = width * rng.uniform(0.2, 0.8), height * rng.uniform(0.2, 0.8)
        reach = height * (0.56 if flower == 0 else rng.uniform(0.16, 0.34))
        first, second = (inks[int(at)] for at in rng.choice(len(inks), 2, replace=False))
        _harmonograph(rng, pen, (*centre, reach), (first, second))
    return _finished(image, size)


def _harmonograph(
    rng: np.random.Generator, pen: ImageDraw.ImageDraw, place: tuple[float, float, float], inks: tuple[Colour, Colour]
) -> None:
    cx, cy, reach = place
    petals, second = int(rng.integers(2, 8)), int(rng.integers(1, 6))
    phase, mixture, drift = rng.uniform(0, 6.28), rng.uniform(0.2, 0.8), rng.uniform(-1.8, 1.8)
    t = np.linspace(0, 2 * np.pi, 480)
    rings = int(rng.integers(30, 52))
    for ring in range(rings):
        share = 1 - ring / rings
        radius = reach * share
        r = radius * (mixture + (1 - mixture) * np.cos(petals * t + phase * share))
        px = cx + r * np.cos(t + drift * (1 - share)) + radius * 0.25 * np.cos(second * t + phase)
        py = cy + r * np.sin(t + drift * (1 - share)) + radius * 0.25 * np.sin(second * t + phase)
        thick = max(2, round(reach / 170))
        pen.line(list(zip(px.tolist(), py.tolist(), strict=True)), fill=shade(inks[1], inks[0], share), width=thick)


def planes(rng: np.random.Generator, size: Size) -> Field:
    """A canvas cut again and again, few planes coloured, heavy lines between."""
    colours = palette(rng)
    ground = shade(colours[4], _WHITE, 0.35)
    image, pen = _sheet(size, ground)
    width, height = image.size
    plates = [(0.0, 0.0, float(width), float(height))]
    for _ in range(int(rng.integers(9, 17))):
        largest = max(
            range(len(plates)), key=lambda at: (plates[at][2] - plates[at][0]) * (plates[at][3] - plates[at][1])
        )
        at = largest if rng.random() < 0.7 else int(rng.integers(len(plates)))
        left, top, right, bottom = plates.pop(at)
        share = rng.uniform(0.22, 0.78)
        if right - left > (bottom - top) * rng.uniform(0.7, 1.4):
            cut = left + (right - left) * share
            plates += [(left, top, cut, bottom), (cut, top, right, bottom)]
        else:
            cut = top + (bottom - top) * share
            plates += [(left, top, right, cut), (left, cut, right, bottom)]
    line = max(2, round(height / 62))
    for plate in plates:
        chosen = colours[int(rng.integers(4))] if rng.random() < 0.48 else ground
        pen.rectangle(plate, fill=shade(chosen, _WHITE, float(rng.uniform(0, 0.1))))
    for left, top, right, bottom in plates:
        pen.line(
            ((left, top), (right, top), (right, bottom), (left, bottom), (left, top)), fill=(24, 22, 24), width=line
        )
    return _finished(image, size)


def tiles(rng: np.random.Generator, size: Size) -> Field:
    """Truchet tiles: quarter rings in random turns make endless paths."""
    colours = palette(rng)
    image, pen = _sheet(size, colours[4])
    width, height = image.size
    side = height / int(rng.integers(5, 9))
    region = noise(rng, (64, 48), 1.6, 2)
    lean = rng.uniform(0.3, 0.7)
    for row in range(math.ceil(height / side)):
        for column in range(math.ceil(width / side)):
            x, y = column * side, row * side
            at = region[min(47, int(y / height * 48)), min(63, int(x / width * 64))]
            ground = shade(colours[4], colours[3], float(at) * 0.9)
            pen.rectangle((x, y, x + side, y + side), fill=ground)
            turned = rng.random() < lean
            centres = ((x, y), (x + side, y + side)) if turned else ((x + side, y), (x, y + side))
            for centre in centres:
                _quarter_rings(pen, centre, (x, y), side, (colours, ground, float(at)))
    return _finished(image, size)


def _quarter_rings(
    pen: ImageDraw.ImageDraw,
    centre: tuple[float, float],
    corner: tuple[float, float],
    side: float,
    paint: tuple[list[Colour], Colour, float],
) -> None:
    colours, ground, at = paint
    cx, cy = centre
    start = (0 if cy == corner[1] else 270) if cx == corner[0] else (90 if cy == corner[1] else 180)
    tone = shade(colours[0], colours[1], at)
    for radius, colour in ((0.74, tone), (0.58, shade(colours[2], colours[3], at * 0.6)), (0.42, tone), (0.26, ground)):
        r = side * radius
        pen.pieslice((cx - r, cy - r, cx + r, cy + r), start, start + 90, fill=colour)


def poster(rng: np.random.Generator, size: Size) -> Field:
    """Circles, arcs, bars and triangles on a diagonal, in five flat colours."""
    colours = palette(rng)
    image, pen = _sheet(size, shade(colours[4], colours[3], float(rng.uniform(0, 0.35))))
    width, height = image.size
    tilt = rng.uniform(-0.6, 0.6)
    for _ in range(int(rng.integers(3, 6))):
        x, w = rng.uniform(-0.1, 1.1) * width, rng.uniform(0.03, 0.16) * height
        lean = height * tilt
        tone = shade(colours[int(rng.integers(1, 4))], colours[4], 0.35)
        pen.polygon(((x, 0), (x + w, 0), (x + w + lean, height), (x + lean, height)), fill=tone)
    for order in range(int(rng.integers(7, 13))):
        tone = colours[int(rng.integers(4))]
        x, y = rng.uniform(0.05, 0.95) * width, rng.uniform(0.05, 0.95) * height
        r = height * (0.3 if order == 0 else rng.uniform(0.03, 0.17))
        box = (x - r, y - r, x + r, y + r)
        kind = 0 if order == 0 else int(rng.integers(5))
        if kind == 0:
            pen.ellipse(box, fill=tone)
            pen.pieslice(box, rng.uniform(0, 360), rng.uniform(360, 620), fill=shade(tone, colours[3], 0.5))
        elif kind == 1:
            pen.pieslice(box, (turn := float(rng.choice((0, 90, 180, 270)))), turn + 180, fill=tone)
        elif kind == 2:
            for ring in range(4):
                inner = r * (1 - ring * 0.25)
                fill = tone if ring % 2 == 0 else colours[4]
                pen.ellipse((x - inner, y - inner, x + inner, y + inner), fill=fill)
        elif kind == 3:
            turn = rng.uniform(0, 6.28)
            corners = [(x + r * math.cos(turn + a), y + r * math.sin(turn + a)) for a in (0.0, 2.1, 4.2)]
            pen.polygon(corners, fill=tone)
        else:
            pen.rectangle((x - r * 2, y - r * 0.12, x + r * 2, y + r * 0.12), fill=tone)
    return _finished(image, size)


def forest(rng: np.random.Generator, size: Size) -> Field:
    """Trunks before a glowing distance; the near ones dark and branching."""
    colours = palette(rng)
    image, pen = _sheet(size, colours[4])
    width, height = image.size
    for band in range(60):
        share = band / 60
        tone = shade(colours[4], colours[3], share) if band < 40 else shade(colours[3], colours[1], (band - 40) / 24)
        pen.rectangle((0, height * share, width, height), fill=tone)
    r, cx, cy = height * rng.uniform(0.1, 0.2), width * rng.uniform(0.25, 0.75), height * rng.uniform(0.25, 0.55)
    pen.ellipse((cx - r, cy - r, cx + r, cy + r), fill=shade(colours[4], _WHITE, 0.6))
    layers = int(rng.integers(4, 6))
    for layer in range(layers):
        depth = (layer + 1) / layers
        tone = shade(shade(colours[3], colours[1], 0.4), colours[0], depth)
        foot = height * (0.72 + 0.3 * depth)
        pen.rectangle((0, foot - height * 0.03, width, height), fill=tone)
        for _ in range(int(rng.integers(5, 10) * (1.6 - depth))):
            x = rng.uniform(-0.02, 1.02) * width
            _tree(rng, pen, (x, foot), height * (0.008 + 0.03 * depth * rng.uniform(0.6, 1.3)), tone)
    return _finished(image, size)


def _tree(
    rng: np.random.Generator, pen: ImageDraw.ImageDraw, foot: tuple[float, float], thick: float, tone: Colour
) -> None:
    x, y = foot
    lean = rng.uniform(-2, 2) * thick
    top = -4 * thick
    pen.polygon(
        ((x - thick, y), (x + thick, y), (x + lean + thick * 0.45, top), (x + lean - thick * 0.45, top)), fill=tone
    )
    for _ in range(int(rng.integers(3, 8))):
        share = rng.uniform(0.3, 0.95)
        bx, by = x + lean * share, y + (top - y) * share
        side, length = float(rng.choice((-1, 1))), thick * rng.uniform(3, 9)
        tip = (bx + side * length, by - length * rng.uniform(0.5, 1.1))
        bend = (bx + side * length * 0.55, by - length * 0.25)
        pen.line(((bx, by), bend, tip), fill=tone, width=max(1, round(thick * 0.32)), joint="curve")
        for twig in (0.45, 0.75):
            tx, ty = bend[0] + (tip[0] - bend[0]) * twig, bend[1] + (tip[1] - bend[1]) * twig
            end = (tx + side * length * 0.22, ty + length * rng.uniform(-0.35, 0.1))
            pen.line(((tx, ty), end), fill=tone, width=max(1, round(thick * 0.16)))
