"""Where the filters of known training subsets are written: the source of each rule that a finding's ``subsets`` may name.

The conditions themselves are ``scanner.subsets``; a rule without a source here cannot be made there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_V2: Final = (
    "laion.ai/blog/laion-aesthetics, 16 Aug 2022; huggingface.co/datasets/ChristophSchuhmann/improved_aesthetics_"
)
_V1: Final = "github.com/LAION-AI/laion-datasets laion-aesthetic.md: pwatermark < 0.8, punsafe < 0.5, "

FILTER_SOURCES: Final[Mapping[str, str]] = {
    "laion-aesthetic-v1/2": f"{_V1}score > 7",
    "laion-aesthetics-v2-4.5plus/1": f"{_V2}4.5plus",
    "laion-aesthetics-v2-4.75plus/1": f"{_V2}4.75plus",
    "laion-aesthetics-v2-5plus/1": (
        "huggingface.co/CompVis/stable-diffusion model card, v1-2: original size >= 512x512, aesthetics score > 5.0, "
        "watermark probability < 0.5"
    ),
    "laion-aesthetics-v2-6.25plus/1": f"{_V2}6.25plus",
    "laion-aesthetics-v2-6.5plus/1": f"{_V2}6.5plus",
    "laion-aesthetics-v2-6plus/1": f"{_V2}6plus",
    "laion-art/2": f"{_V1}score > 8",
    "laion-high-resolution/1": (
        "huggingface.co/CompVis/stable-diffusion model card, v1-1: laion-high-resolution, resolution >= 1024x1024"
    ),
    "relaion-research-safe/1": "huggingface.co/datasets/laion/relaion2B-en-research-safe: punsafe > 0.45 removed",
    "relaion-research/1": "huggingface.co/datasets/laion/relaion2B-en-research: punsafe > 0.95 removed",
    "stable-diffusion-v2-base/1": (
        "huggingface.co/stabilityai/stable-diffusion-2-base model card: punsafe=0.1, aesthetic score >= 4.5; then "
        "resolution >= 512x512"
    ),
}
"""Rule and version to its source; versions that are no longer made stay, so that old packages can be read."""
