"""What a variant is: where each of its points lies in the Work.

A Variant's name is its definition, steps joined by ``.``, read by `variant_named`; the name stands in the evidence, so its
meaning never changes (a new meaning takes a new word).

| step | what it does |
|---|---|
| ``original`` | nothing |
| ``mirror`` ``flip`` ``rotate-90`` … ``transpose`` ``transverse`` | the symmetries of a rectangle, degrees counter-clockwise |
| ``negative`` | grey levels inverted |
| ``tilt-ccw-3`` ``tilt-cw-3`` | turned by 3 degrees on its own canvas, the corners black |
| ``crop-80-tl`` | the window of 80 % of each side at ``tl t tr l c r bl b br`` |
| ``crop-80-25-0`` | the same, 25 % of what is cut lying on its left and none above |
| ``trim-t-10`` | 10 % taken away at one edge (``t b l r``) |
| ``square-c`` ``square-s`` ``square-e`` | the largest square at the centre, the start (left or top), the end |
| ``pad-white`` ``pad-black`` | letterboxed to a square |
| ``frame-white-5`` ``frame-black-5`` | a border of 5 % of the longer side all round |
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Affine = NDArray[np.float64]  # [2, 3]: (x, y) = A[:, :2] @ (u, v) + A[:, 2]
Box = tuple[float, float, float, float]  # left, top, right, bottom

# (u, v) of the turned picture -> (x, y) of the picture, both in units of its sides.
TURNS: Final[dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]]] = {
    "upright": ((1, 0, 0), (0, 1, 0)),
    "mirror": ((-1, 0, 1), (0, 1, 0)),
    "flip": ((1, 0, 0), (0, -1, 1)),
    "rotate-90": ((0, -1, 1), (1, 0, 0)),
    "rotate-180": ((-1, 0, 1), (0, -1, 1)),
    "rotate-270": ((0, 1, 0), (-1, 0, 1)),
    "transpose": ((0, 1, 0), (1, 0, 0)),
    "transverse": ((0, -1, 1), (-1, 0, 1)),
}
_GREYS: Final = {"white": 255, "black": 0}
_ANCHORS: Final = {
    "tl": (0.0, 0.0), "t": (0.5, 0.0), "tr": (1.0, 0.0),
    "l": (0.0, 0.5), "c": (0.5, 0.5), "r": (1.0, 0.5),
    "bl": (0.0, 1.0), "b": (0.5, 1.0), "br": (1.0, 1.0),
}  # fmt: skip
_SQUARES: Final = {"s": 0.0, "c": 0.5, "e": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One look of a Work, named by its definition.  ``steps`` are the window steps in order of application."""

    name: str
    turn: str = "upright"
    tilt_degrees: int = 0  # counter-clockwise
    negative: bool = False
    steps: tuple[tuple[str, ...], ...] = ()

    @property
    def fill(self) -> int:
        """Grey level of what lies outside the Work; the last frame's or padding's."""
        greys = [_GREYS[step[1]] for step in self.steps if step[0] in ("pad", "frame")]
        return greys[-1] if greys else 0

    def frame(self, width: int, height: int) -> Frame:
        """Where the variant's edges lie on a Work of this size.

        Args:
            width: of the upright Work, px.
            height: of the upright Work, px.
        """
        if self.turn in ("rotate-90", "rotate-270", "transpose", "transverse"):
            width, height = height, width
        window: Box = (0.0, 0.0, float(width), float(height))
        visible = window
        for step in self.steps:
            if step[0] in ("pad", "frame"):
                visible = _overlap(visible, window)
            window = _WINDOWS[step[0]](window, step[1:])
        return Frame(width=width, height=height, window=window, visible=_overlap(visible, window))

    def placement(self, width: int, height: int) -> Affine:
        """The map from the variant's picture (unit square) to the Work (px, of the upright ``width`` x ``height``)."""
        frame = self.frame(width, height)
        left, top, right, bottom = frame.window
        whole = _affine(((right - left, 0, left), (0, bottom - top, top)))
        if self.tilt_degrees:
            whole = tilted_about(frame.width / 2, frame.height / 2, self.tilt_degrees) @ whole
        whole = np.diag((1 / frame.width, 1 / frame.height, 1)) @ whole
        whole = np.diag((width, height, 1.0)) @ _affine(TURNS[self.turn]) @ whole
        return np.ascontiguousarray(whole[:2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """``window`` is what the variant shows, ``visible`` the part of it that is the Work; px of the turned picture."""

    width: int
    height: int
    window: Box
    visible: Box


def variant_named(name: str) -> Variant:
    """The Variant that a name defines.

    Raises:
        ValueError: a step is unknown or stands out of order (turn, tilt, windows, negative).

    >>> variant_named("mirror.crop-80-c").turn
    'mirror'
    """
    turn, tilt, negative = "upright", 0, False
    steps: list[tuple[str, ...]] = []
    words = name.split(".")
    for position, word in enumerate(words):
        step = tuple(word.split("-"))
        if word == "original" and len(words) == 1:
            continue
        if word in TURNS and word != "upright" and position == 0:
            turn = word
        elif step[0] == "tilt" and len(step) == 3 and step[1] in ("cw", "ccw") and not steps and not tilt:
            tilt = int(step[2]) * (1 if step[1] == "ccw" else -1)
        elif word == "negative" and position == len(words) - 1:
            negative = True
        elif step[0] in _WINDOWS and _is_well_formed(step):
            steps.append(step)
        else:
            raise ValueError(f"not a variant: {name!r} (at {word!r})")
    return Variant(name=name, turn=turn, tilt_degrees=tilt, negative=negative, steps=tuple(steps))


def symmetry(quarter_turns: int, *, mirrored: bool) -> tuple[str, Affine]:
    """The symmetry whose map turns by ``quarter_turns`` (mod 4; clockwise as y points down), then mirrors left and right.

    Returns:
        Its name (``upright`` where nothing is turned) and its 3x3 map from the turned picture's unit square to the picture's.
    """
    names = (
        ("mirror", "transpose", "flip", "transverse")
        if mirrored
        else ("upright", "rotate-90", "rotate-180", "rotate-270")
    )
    name = names[quarter_turns % 4]
    return name, _affine(TURNS[name])


def tilted_about(x: float, y: float, degrees: float) -> Affine:
    """3x3 map from points of the turned canvas to points of the picture turned counter-clockwise by ``degrees``."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return _affine(((cos, -sin, x - cos * x + sin * y), (sin, cos, y - sin * x - cos * y)))


def _is_well_formed(step: tuple[str, ...]) -> bool:
    match step:
        case ("crop", percent, anchor):
            return percent.isdigit() and 1 <= int(percent) <= 99 and anchor in _ANCHORS
        case ("crop", percent, x, y):
            return percent.isdigit() and 1 <= int(percent) <= 99 and all(n.isdigit() and int(n) <= 100 for n in (x, y))
        case ("trim", edge, percent):
            return percent.isdigit() and 1 <= int(percent) <= 99 and edge in ("t", "b", "l", "r")
        case ("square", where):
            return where in _SQUARES
        case ("pad", grey):
            return grey in _GREYS
        case ("frame", grey, percent):
            return grey in _GREYS and percent.isdigit() and 1 <= int(percent) <= 99
        case _:
            return False


def _affine(rows: tuple[tuple[float, float, float], tuple[float, float, float]]) -> Affine:
    return np.array((*rows, (0.0, 0.0, 1.0)), dtype=np.float64)


def _overlap(one: Box, other: Box) -> Box:
    return (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))


def _crop(box: Box, words: tuple[str, ...]) -> Box:
    left, top, right, bottom = box
    keep = int(words[0]) / 100
    x, y = _ANCHORS[words[1]] if len(words) == 2 else (int(words[1]) / 100, int(words[2]) / 100)
    width, height = (right - left) * keep, (bottom - top) * keep
    left, top = left + (right - left - width) * x, top + (bottom - top - height) * y
    return (left, top, left + width, top + height)


def _trim(box: Box, words: tuple[str, ...]) -> Box:
    left, top, right, bottom = box
    part = int(words[1]) / 100
    match words[0]:
        case "t":
            return (left, top + (bottom - top) * part, right, bottom)
        case "b":
            return (left, top, right, bottom - (bottom - top) * part)
        case "l":
            return (left + (right - left) * part, top, right, bottom)
        case _:
            return (left, top, right - (right - left) * part, bottom)


def _square(box: Box, words: tuple[str, ...]) -> Box:
    left, top, right, bottom = box
    side, where = min(right - left, bottom - top), _SQUARES[words[0]]
    left, top = left + (right - left - side) * where, top + (bottom - top - side) * where
    return (left, top, left + side, top + side)


def _pad(box: Box, _words: tuple[str, ...]) -> Box:
    left, top, right, bottom = box
    side = max(right - left, bottom - top)
    left, top = left - (side - (right - left)) / 2, top - (side - (bottom - top)) / 2
    return (left, top, left + side, top + side)


def _frame(box: Box, words: tuple[str, ...]) -> Box:
    left, top, right, bottom = box
    border = max(right - left, bottom - top) * int(words[1]) / 100
    return (left - border, top - border, right + border, bottom + border)


_WINDOWS: Final = {"crop": _crop, "trim": _trim, "square": _square, "pad": _pad, "frame": _frame}
