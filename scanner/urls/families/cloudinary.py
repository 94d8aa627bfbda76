"""Cloudinary: transformation segments made only of known parameters, a version, then the picture's public id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from scanner.urls.keys import AssetKey, Crop, declared_side
from scanner.urls.sizes import IMAGE_END

if TYPE_CHECKING:
    from scanner.urls.canonicalize import CanonicalUrl

_DELIVERY: Final = re.compile(
    r"^(?P<account>(?:/[^/]+){0,4}?)/(?:(?:image|images|video)/(?:upload|private|authenticated)|iu(?=/s--))/(?P<rest>.+)$"
)
_SIGNATURE: Final = re.compile(r"s--[A-Za-z0-9_-]{8,32}--")
_VERSION: Final = re.compile(r"v[0-9]{1,12}")
_NUMBER: Final = r"-?[0-9]+(?:\.[0-9]+)?"
# A closed list: a folder called t_shirts, a_b or e_books is no transformation.
_PARAMETERS: Final = re.compile(
    "|".join(
        (
            rf"[wh]_(?:{_NUMBER}|auto(?::[^/,]*)?|i[wh](?:_[^/,]*)?)",
            r"c_(?:scale|m?fit|limit|m?pad|lpad|l?fill(?:_pad)?|fill_pad|crop|thumb|auto|auto_pad|imagga_crop|imagga_scale)",
            (
                r"g_(?:auto(?::[^/,]*)?|faces?(?::[a-z_]+)?|adv_faces?|adv_eyes|body|custom(?::[^/,]*)?|ocr_text|liquid|center|xy_center"
                r"|(?:north|south)?_?(?:east|west)|north|south)"
            ),
            r"q_(?:auto(?::[a-z]+)?|[0-9]{1,3}(?::[^/,]*)?|jpegmini(?::[0-9])?)",
            r"f_(?:auto(?::[a-z]+)?|jpe?g|png|gif|webp|avif|jp2|jxl|bmp|tiff?|svg|heic|wdp|pdf|mp4)",
            rf"ar_(?:{_NUMBER}(?::{_NUMBER})?)",
            rf"dpr_(?:auto|{_NUMBER})",
            rf"[xyz]_{_NUMBER}",
            r"r_(?:max|[0-9:]+)",
            r"(?:b|co)_(?:rgb:[0-9a-fA-F]{3,8}|auto(?::[^/,]*)?|white|black|transparent|gr[ae]y|red|green|blue)",
            r"bo_[0-9]+px_solid_[^/,]+",
            r"o_[0-9]{1,3}",
            r"(?:l|u)_(?:text|fetch|video|subtitles|lut):[^/,]+",
            r"fl_[a-z_.:]+",
            r"cs_(?:srgb|tinysrgb|no_cmyk|cmyk|keep_cmyk|copy|icc:[^/,]*)",
            r"a_(?:-?[0-9]{1,3}|auto_(?:right|left)|exif|ignore|[vh]flip)(?:\.[a-z]+)?",
            rf"(?:so|eo|du|pg)_(?:{_NUMBER}p?|auto)",
            r"d_[^/,]+\.(?:jpg|jpeg|png|gif|webp|svg)",
            (
                r"e_(?:improve|auto_(?:brightness|color|contrast)|brightness|contrast|saturation|vibrance|hue|sharpen|unsharp_mask|blur(?:_faces|_region)?"
                r"|pixelate(?:_faces|_region)?|grayscale|sepia|blackwhite|negate|oil_paint|cartoonify|vignette|trim|shadow|make_transparent"
                r"|art|fill_light|gamma|red|green|blue|colorize|outline|noise|screen|multiply|overlay|distort|shear|viesus_correct|upscale"
                r"|enhance|background_removal|adv_redeye|redeye|tint|ordered_dither)(?::[^/,]*)?"
            ),
        )
    )
)
_NAMED: Final = re.compile(r"t_[A-Za-z0-9_.%-]+")


def cloudinary(url: CanonicalUrl) -> AssetKey | None:
    """The key of a delivery URL on Cloudinary or a vanity host; ``image/fetch`` is unwrapped elsewhere."""
    match = _DELIVERY.match(url.path)
    if match is None:
        return None
    segments = match["rest"].split("/")
    if _SIGNATURE.fullmatch(segments[0]):
        segments = segments[1:]
    used: list[str] = []
    while len(segments) > 1 and (_is_transformation(segments[0]) or _is_named(segments)):
        used += segments.pop(0).split(",")
    revision = None
    if len(segments) > 1 and _VERSION.fullmatch(segments[0]):
        revision = segments.pop(0)
    public_id = IMAGE_END.sub("", "/".join(segments))
    if not public_id:
        return None
    sides = {parameter[0]: parameter[2:] for parameter in used if parameter.startswith(("w_", "h_"))}
    return AssetKey(
        family="cloudinary",
        scope=re.sub(r"^res-[0-9]\.cloudinary\.com$", "res.cloudinary.com", url.compare_host),
        key=f"{match['account']}/{public_id}",
        strength="path",
        declared_w=declared_side(sides.get("w")),
        declared_h=declared_side(sides.get("h")),
        crop=_crop(used),
        rule="cloudinary/1",
        revision=revision,
    )


def _is_transformation(segment: str) -> bool:
    return all(_PARAMETERS.fullmatch(parameter) for parameter in segment.replace("%2C", ",").split(","))


def _is_named(segments: list[str]) -> bool:
    """``t_name`` is a named transformation only where a version follows, directly or behind other transformations."""
    if not all(_NAMED.fullmatch(part) or _PARAMETERS.fullmatch(part) for part in segments[0].split(",")):
        return False
    behind = next(
        (segment for segment in segments[1:] if not _is_transformation(segment) and not _NAMED.fullmatch(segment)), ""
    )
    return _VERSION.fullmatch(behind) is not None and len(segments) > 2


def _crop(used: list[str]) -> Crop:
    if any(
        parameter.startswith(("g_", "c_crop", "c_thumb", "c_fill", "c_lfill", "c_auto", "c_imagga"))
        for parameter in used
    ):
        return "yes"
    return "maybe" if any(parameter.startswith(("ar_", "e_trim", "e_distort")) for parameter in used) else "no"
