"""What happens to a picture on its way into a dataset: the edits of matching.md §6, each with development and test parameters.

Pure and repeatable: an edit's free choices (where a crop lies, which way a picture is tilted) follow from a seed.  The bench and
the demonstration use the same edits, so that what is shown is what is measured.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

Half = Literal["development", "test"]
_BICUBIC: Final = Image.Resampling.BICUBIC
_WORDS: Final = (
    "WHEN YOU FINALLY",
    "FIND YOUR PICTURE",
    "NOBODY ASKED",
    "ONE DOES NOT SIMPLY",
    "IN A DATASET",
    "MONDAY MOOD",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The free choices of one edit of one Work.  ``backdrop`` is another picture, for those that need one."""

    seed: int
    backdrop: Image.Image

    def part(self, name: str) -> float:
        """A number in [0, 1) that belongs to this seed and this name."""
        digest = hashlib.sha256(f"{self.seed}/{name}".encode()).digest()
        return int.from_bytes(digest[:6], "big") / 2**48

    def of(self, name: str, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.part(name)

    def sign(self, name: str) -> int:
        """-1 or 1."""
        return 1 if self.part(name) < 0.5 else -1


Step = Callable[[Image.Image, Choices], Image.Image]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One edit.  ``name`` is the row of the recall table; both halves have an edit of each name, with other parameters."""

    name: str
    steps: tuple[Step, ...]

    def apply(self, image: Image.Image, choices: Choices) -> Image.Image:
        """The edited picture (RGB) of ``image`` (RGB)."""
        for step in self.steps:
            image = step(image, choices)
        return image.convert("RGB")


def jpeg(quality: int) -> Step:
    """Through a JPEG file."""
    return lambda image, _choices: _through(image, "JPEG", quality)


def webp(quality: int) -> Step:
    """Through a lossy WebP file."""
    return lambda image, _choices: _through(image, "WEBP", quality)


def long_side(pixels: int) -> Step:
    """Shrunk or enlarged to a longer side of ``pixels``."""

    def step(image: Image.Image, _choices: Choices) -> Image.Image:
        scale = pixels / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        return image.resize(size, _BICUBIC, reducing_gap=2.0)

    return step


def centre_square(pixels: int) -> Step:
    """Shorter side to ``pixels``, then the central square (img2dataset's ``center_crop``)."""
    return lambda image, _choices: ImageOps.fit(image, (pixels, pixels), _BICUBIC)


def padded(grey: int, pixels: int) -> Step:
    """Letterboxed to a square (img2dataset's ``border``)."""
    return lambda image, _choices: ImageOps.pad(image, (pixels, pixels), _BICUBIC, color=(grey,) * 3)


def cropped(percent: float, *, stretch: float = 0.0) -> Step:
    """``percent`` of the area cut away; the window's place is chosen, its proportions differ by up to ``stretch``."""

    def step(image: Image.Image, choices: Choices) -> Image.Image:
        shape = choices.of("shape", 1 - stretch, 1 + stretch) if stretch else 1.0
        width = min(image.width, image.width * (1 - percent / 100) ** 0.5 * shape)
        height = min(image.height, image.width * image.height * (1 - percent / 100) / width)
        left = choices.part("left") * (image.width - width)
        top = choices.part("top") * (image.height - height)
        return image.crop((round(left), round(top), round(left + width), round(top + height)))

    return step


def turned(*transposes: Image.Transpose) -> Step:
    """Mirrored or turned by right angles, one of ``transposes``."""
    return lambda image, choices: image.transpose(transposes[int(choices.part("turn") * len(transposes))])


def tilted(degrees: float, *, expand: bool = False, grey: int = 0) -> Step:
    """Turned a little, either way."""

    def step(image: Image.Image, choices: Choices) -> Image.Image:
        return image.rotate(degrees * choices.sign("tilt"), _BICUBIC, expand=expand, fillcolor=(grey,) * 3)

    return step


def watermarked(text: str, opacity: float, *, every: float = 0.28, degrees: float = 30) -> Step:
    """A stock site's mark, repeated over the picture.  ``every``: its distance, in parts of the longer side."""

    def step(image: Image.Image, choices: Choices) -> Image.Image:
        side = max(image.size)
        font = ImageFont.load_default(max(8, side // 16))
        sheet = Image.new("L", (side * 2, side * 2), 0)
        draw = ImageDraw.Draw(sheet)
        gap = max(8, int(side * every))
        for row, y in enumerate(range(0, side * 2, gap)):
            for x in range(-(row % 2) * gap, side * 2, gap * 2):
                draw.text((x, y), text, font=font, fill=int(255 * opacity))
        sheet = sheet.rotate(degrees, Image.Resampling.BILINEAR)
        left, top = (side * 2 - image.width) // 2, (side * 2 - image.height) // 2
        left += int(choices.of("mark", -0.1, 0.1) * side)
        mask = sheet.crop((left, top, left + image.width, top + image.height))
        return Image.composite(Image.new("RGB", image.size, (255, 255, 255)), image, mask)

    return step


def framed(percent: float, grey: int | None = None) -> Step:
    """A border of ``percent`` of the longer side all round; its grey is chosen unless given."""

    def step(image: Image.Image, choices: Choices) -> Image.Image:
        level = (255 if choices.part("border") < 0.5 else 0) if grey is None else grey
        return ImageOps.expand(image, round(max(image.size) * percent / 100), (level,) * 3)

    return step


def enhanced(kind: Literal["brightness", "contrast", "saturation"], low: float, high: float) -> Step:
    """Pillow's factor (1 changes nothing): ``low`` or ``high``."""
    make = {"brightness": ImageEnhance.Brightness, "contrast": ImageEnhance.Contrast, "saturation": ImageEnhance.Color}
    return lambda image, choices: make[kind](image).enhance(low if choices.sign(kind) < 0 else high)


def gamma(low: float, high: float) -> Step:
    """Grey levels raised to one of two powers."""

    def step(image: Image.Image, choices: Choices) -> Image.Image:
        power = low if choices.sign("gamma") < 0 else high
        return image.point([round(255 * (level / 255) ** power) for level in range(256)] * 3)

    return step


def grey_levels() -> Step:
    """Black and white."""
    return lambda image, _choices: ImageOps.grayscale(image).convert("RGB")


def negative() -> Step:
    """Inverted colours."""
    return lambda image, _choices: ImageChops.invert(image)


def blurred(percent: float) -> Step:
    """Gaussian blur with a radius of ``percent`` of the longer side."""
    return lambda image, _choices: image.filter(ImageFilter.GaussianBlur(max(image.size) * percent / 100))


def noisy(deviation: float) -> Step:
    """Gaussian noise, grey levels."""

    def step(image: Image.Image, choices: Choices) -> Image.Image:
        source = np.random.Generator(np.random.PCG64(choices.seed))
        pixels = np.asarray(image, np.float32)
        noise = source.standard_normal(pixels.shape, np.float32) * np.float32(deviation)
        return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))

    return step


def stretched(factor: float) -> Step:
    """Wider or higher by ``factor``."""

    def step(image: Image.Image, choices: Choices) -> Image.Image:
        if choices.sign("stretch") < 0:
            return image.resize((max(1, round(image.width * factor)), image.height), _BICUBIC)
        return image.resize((image.width, max(1, round(image.height * factor))), _BICUBIC)

    return step


def captioned(percent: float) -> Step:
    """Meme text: white capitals with a black edge at top and bottom, ``percent`` of the height each."""

    def step(image: Image.Image, choices: Choices) -> Image.Image:
        image = image.copy()
        draw = ImageDraw.Draw(image)
        for place, y in (("top", 0.01), ("bottom", 0.98 - percent / 100)):
            text = _WORDS[int(choices.part(place) * len(_WORDS))]
            size = max(8, int(image.height * percent / 100 * 0.8))
            font = ImageFont.load_default(size)
            wide = draw.textlength(text, font=font)
            if wide > image.width * 0.96:
                font = ImageFont.load_default(max(8, int(size * image.width * 0.96 / wide)))
                wide = draw.textlength(text, font=font)
            where = ((image.width - wide) / 2, image.height * y)
            draw.text(where, text, (255, 255, 255), font, stroke_width=max(1, size // 14), stroke_fill=(0, 0, 0))
        return image

    return step


def in_scene(low: float, high: float, pixels: int = 640) -> Step:
    """Hung into another picture, its longer side ``low`` to ``high`` of the scene's."""

    def step(image: Image.Image, choices: Choices) -> Image.Image:
        scene = ImageOps.fit(choices.backdrop.convert("RGB"), (pixels, round(pixels * 0.75)), _BICUBIC)
        scale = min(
            choices.of("scene", low, high) * pixels / max(image.size),
            0.95 * scene.width / image.width, 0.95 * scene.height / image.height,
        )  # fmt: skip
        small = image.resize(
            (max(1, round(image.width * scale)), max(1, round(image.height * scale))), _BICUBIC, reducing_gap=2.0
        )
        left = round(choices.part("left") * (scene.width - small.width))
        top = round(choices.part("top") * (scene.height - small.height))
        scene.paste(small, (left, top))
        return scene

    return step


def _through(image: Image.Image, container: str, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, container, quality=quality)
    with Image.open(io.BytesIO(file.getvalue())) as written:
        return written.convert("RGB")


def _table(rows: dict[str, tuple[Step, ...]]) -> tuple[Edit, ...]:
    return tuple(Edit(name=name, steps=steps) for name, steps in rows.items())


_TURN: Final = Image.Transpose

EDITS: Final[Mapping[Half, tuple[Edit, ...]]] = MappingProxyType(
    {
        "development": _table(
            {
                "jpeg-75": (jpeg(75),),
                "jpeg-30": (jpeg(30),),
                "jpeg-10": (jpeg(10),),
                "webp-50": (webp(50),),
                "long-512": (long_side(512),),
                "long-256": (long_side(256),),
                "long-150": (long_side(150),),
                "long-64": (long_side(64),),
                "centre-256": (centre_square(256),),
                "pad-white": (padded(255, 512),),
                "pad-black": (padded(0, 512),),
                "crop-5": (cropped(5),),
                "crop-10": (cropped(10),),
                "crop-20": (cropped(20),),
                "crop-30": (cropped(30),),
                "crop-50": (cropped(50),),
                "mirror": (turned(_TURN.FLIP_LEFT_RIGHT),),
                "rotate-90": (turned(_TURN.ROTATE_90, _TURN.ROTATE_270),),
                "rotate-180": (turned(_TURN.ROTATE_180),),
                "rotate-2": (tilted(2),),
                "rotate-5": (tilted(5),),
                "watermark": (watermarked("stockphoto", 0.45),),
                "border-5": (framed(5),),
                "border-15": (framed(15),),
                "brightness": (enhanced("brightness", 0.6, 1.4),),
                "contrast": (enhanced("contrast", 0.6, 1.5),),
                "gamma": (gamma(0.6, 1.6),),
                "saturation": (enhanced("saturation", 0.3, 2.0),),
                "grey": (grey_levels(),),
                "invert": (negative(),),
                "blur": (blurred(0.5),),
                "noise": (noisy(20),),
                "stretch": (stretched(1.3),),
                "caption": (captioned(14),),
                "scene": (in_scene(0.35, 0.7),),
                "watermark+256+jpeg-50": (watermarked("stockphoto", 0.45), long_side(256), jpeg(50)),
                "crop-10+256+jpeg-60": (cropped(10), long_side(256), jpeg(60)),
                "mirror+crop-5+512": (turned(_TURN.FLIP_LEFT_RIGHT), cropped(5), long_side(512)),
            }
        ),
        "test": _table(
            {
                "jpeg-75": (jpeg(72),),
                "jpeg-30": (jpeg(27),),
                "jpeg-10": (jpeg(9),),
                "webp-50": (webp(45),),
                "long-512": (long_side(480),),
                "long-256": (long_side(240),),
                "long-150": (long_side(140),),
                "long-64": (long_side(60),),
                "centre-256": (centre_square(224),),
                "pad-white": (padded(250, 384),),
                "pad-black": (padded(6, 384),),
                "crop-5": (cropped(6, stretch=0.02),),
                "crop-10": (cropped(11, stretch=0.04),),
                "crop-20": (cropped(21, stretch=0.06),),
                "crop-30": (cropped(31, stretch=0.08),),
                "crop-50": (cropped(50, stretch=0.1),),
                "mirror": (turned(_TURN.FLIP_LEFT_RIGHT), jpeg(80)),
                "rotate-90": (turned(_TURN.ROTATE_90, _TURN.ROTATE_270), jpeg(80)),
                "rotate-180": (turned(_TURN.ROTATE_180), jpeg(80)),
                "rotate-2": (tilted(1.7),),
                "rotate-5": (tilted(5.4),),
                "watermark": (watermarked("© pixelbank", 0.5, every=0.22, degrees=40),),
                "border-5": (framed(4),),
                "border-15": (framed(13),),
                "brightness": (enhanced("brightness", 0.55, 1.45),),
                "contrast": (enhanced("contrast", 0.55, 1.6),),
                "gamma": (gamma(0.55, 1.7),),
                "saturation": (enhanced("saturation", 0.2, 2.3),),
                "grey": (grey_levels(), jpeg(85)),
                "invert": (negative(), jpeg(85)),
                "blur": (blurred(0.6),),
                "noise": (noisy(24),),
                "stretch": (stretched(1.4),),
                "caption": (captioned(16),),
                "scene": (in_scene(0.4, 0.65),),
                "watermark+256+jpeg-50": (
                    watermarked("© pixelbank", 0.5, every=0.22, degrees=40),
                    long_side(240),
                    jpeg(45),
                ),
                "crop-10+256+jpeg-60": (cropped(11, stretch=0.04), long_side(240), jpeg(55)),
                "mirror+crop-5+512": (turned(_TURN.FLIP_LEFT_RIGHT), cropped(6, stretch=0.02), long_side(480)),
            }
        ),
    }
)
