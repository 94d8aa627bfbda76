"""Chooses the variants of ``scanner/variants/chosen.py``: greedy gain on development works.  Run by hand, some minutes:

    python tests/bench/choose_variants.py FOLDER_OF_DISTINCT_WORKS

Candidates come in groups that are mirror images of each other (a crop at the left says nothing that one at the right does not), and
the group with the largest gain per query is taken next.  Gain is recall, mean over the edits and over 4, 6 and 8 bits of 64 and 24 to
60 bits of 256, on development works with development parameters; prints the lists, and the curve with test figures beside it.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

import numpy as np

from scanner.bench.copies import edited, read_samples
from scanner.hashers import fingerprints_many, grey_pixels
from scanner.variants.geometry import variant_named
from scanner.variants.rendering import variant_greys

ALWAYS = "original mirror square-c pad-white rotate-90 rotate-180 negative pad-black flip transpose".split()
SYMMETRIES = "mirror flip rotate-90 rotate-180 rotate-270 transpose transverse".split()
ANCHORS = {
    "tl": (0, 0),
    "t": (50, 0),
    "tr": (100, 0),
    "l": (0, 50),
    "c": (50, 50),
    "r": (100, 50),
    "bl": (0, 100),
    "b": (50, 100),
    "br": (100, 100),
}
NAMES = {place: name for name, place in ANCHORS.items()}
WORDS = {"phash64": (4, 6, 8), "phash256": (24, 36, 48, 60)}
QUERIES, FAST = 160, 30
ROUNDS = 5


def crop(keep: int, x: int, y: int) -> str:
    return f"crop-{keep}-" + (NAMES.get((x, y)) or f"{x}-{y}")


def candidates() -> list[str]:
    upright = ["original", "square-c", "square-s", "square-e", "pad-white", "pad-black"]
    upright += [crop(k, x, y) for k in (97, 95, 93, 90, 88, 86, 84, 82, 80, 78, 75, 72, 70, 67, 64) for x, y in NAMES]
    for keeps, steps in (
        ((95, 90, 85, 80, 77, 74, 71, 68), (0, 25, 50, 75, 100)),
        ((74, 71, 68), (0, 17, 33, 50, 67, 83, 100)),
        ((88, 82, 74, 71, 68), (10, 30, 50, 70, 90)),
    ):
        upright += [crop(k, x, y) for k in keeps for x in steps for y in steps]
    upright += [f"trim-{e}-{p}" for e in "tblr" for p in (3, 5, 8, 10, 12, 15, 20, 25)]
    upright += [f"trim-{a}-{p}.trim-{b}-{p}" for a, b in ("lr", "tb") for p in (4, 6, 8, 10, 12)]
    upright += [f"frame-{c}-{p}" for c in ("white", "black") for p in (2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20)]
    tilts = [f"tilt-{d}" for d in ("cw", "ccw")]
    upright += [f"{t}-{k}" for t in tilts for k in range(1, 8)]
    upright += [f"{t}-{k}.crop-{c}-c" for t in tilts for k in (2, 3, 4, 5, 6) for c in (95, 90, 85)]
    upright += [f"square-c.crop-{k}-c" for k in (95, 90, 85, 80)]
    upright += [f"crop-{k}-c.{p}" for k in (95, 90, 80) for p in ("pad-white", "pad-black", "square-c")]
    names = [*upright, *SYMMETRIES, "negative", "mirror.negative"]
    names += [f"mirror.{name}" for name in upright if name != "original"]
    return list(dict.fromkeys(names))


def group(name: str) -> frozenset[str]:
    """The candidates that are this one seen in a mirror or on its side."""
    prefix, rest = ("mirror.", name[7:]) if name.startswith("mirror.") else ("", name)
    if found := re.fullmatch(r"crop-(\d+)-(?:([a-z]+)|(\d+)-(\d+))", rest):
        x, y = ANCHORS[found[2]] if found[2] else (int(found[3]), int(found[4]))
        return frozenset(
            prefix + crop(int(found[1]), a, b) for p, q in ((x, y), (y, x)) for a in (p, 100 - p) for b in (q, 100 - q)
        )
    if found := re.fullmatch(r"trim-\w-(\d+)", rest):
        return frozenset(f"{prefix}trim-{edge}-{found[1]}" for edge in "tblr")
    if found := re.fullmatch(r"trim-\w-(\d+)\.trim-\w-\d+", rest):
        return frozenset(f"{prefix}trim-{a}-{found[1]}.trim-{b}-{found[1]}" for a, b in ("lr", "tb"))
    if rest.startswith("tilt-"):
        return frozenset(f"{prefix}tilt-{way}-{rest.split('-', 2)[2]}" for way in ("cw", "ccw"))
    for pair in (("rotate-90", "rotate-270"), ("transpose", "transverse")):
        if name in pair:
            return frozenset(pair)
    return frozenset((name,))


class Half:
    """Distances of all copies of one half to all candidates of their works: ``uint16[copies, candidates]`` by algorithm."""

    def __init__(self, half: str, folder: Path, names: list[str], rounds: int) -> None:
        samples, _ = read_samples(folder)
        works = [sample for sample in samples if sample.half == half]
        variants = [variant_named(name) for name in names]
        copies = [
            (c.work, c.edit, {a: grey_pixels(c.image, a) for a in WORDS}) for c in edited(works, works, half, rounds)
        ]
        owner = np.array([work for work, _, _ in copies])
        edits = np.array([edit for _, edit, _ in copies])
        self.weight = np.zeros(len(copies))
        for edit in set(edits.tolist()):
            self.weight[edits == edit] = 1 / (edits == edit).sum() / len(set(edits.tolist()))
        self.distance = {}
        for algorithm in WORDS:
            asked = np.stack(
                [
                    fingerprints_many(variant_greys(work.image, variants, algorithm)).reshape(len(names), -1)
                    for work in works
                ]
            )
            rows = fingerprints_many(np.stack([greys[algorithm] for _, _, greys in copies])).reshape(len(copies), -1)
            self.distance[algorithm] = np.stack(
                [
                    np.bitwise_count(asked[work] ^ row).sum(axis=1, dtype=np.uint16)
                    for work, row in zip(owner, rows, strict=True)
                ]
            )

    def recall(self, columns: list[int]) -> list[float]:
        return [
            round(float(self.weight @ (self.distance[a][:, columns].min(axis=1) <= limit)), 3)
            for a, limits in WORDS.items()
            for limit in limits
        ]


def choose(half: Half, names: list[str]) -> list[str]:
    place = {name: index for index, name in enumerate(names)}
    groups = [sorted(g) for g in dict.fromkeys(group(name) for name in names) if all(name in place for name in g)]
    sizes = np.array([len(g) for g in groups])
    covers = [
        np.stack([half.distance[a][:, [place[n] for n in g]].min(axis=1) for g in groups], axis=1) <= limit
        for a, limits in WORDS.items()
        for limit in limits
    ]
    covered = [np.zeros(len(half.weight), bool) for _ in covers]
    taken: list[int] = []
    always = [next(i for i, g in enumerate(groups) if name in g) for name in ALWAYS]
    while sum(sizes[taken]) < QUERIES:
        if len(taken) < len(always):
            best = always[len(taken)]
        else:
            gain = sum((half.weight * ~done) @ cover for done, cover in zip(covered, covers, strict=True)) / sizes
            gain[taken] = -1
            best = int(gain.argmax())
        taken.append(best)
        for done, cover in zip(covered, covers, strict=True):
            np.logical_or(done, cover[:, best], out=done)
    return [name for index in taken for name in groups[index]]


def main() -> None:
    folder = Path(sys.argv[1])
    names = candidates()
    development = Half("development", folder, names, ROUNDS)
    chosen = choose(development, names)
    for title, part in (("fast", chosen[:FAST]), ("more", chosen[FAST:])):
        print(f"{title}:", *textwrap.wrap(" ".join(part), 118, break_on_hyphens=False), sep="\n")
    test = Half("test", folder, names, 2)
    place = {name: index for index, name in enumerate(names)}
    print("queries, recall at", WORDS, "on development and on test works")
    for count in (1, 12, 20, FAST, 40, 60, 80, 100, 120, 140, len(chosen)):
        columns = [place[name] for name in chosen[:count]]
        print(count, development.recall(columns), test.recall(columns))


if __name__ == "__main__":
    main()
