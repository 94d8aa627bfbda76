"""Web archives: the only witnesses for what a dead link once showed (fetching.md section 7).

``wayback`` ``memento`` ``common_crawl`` read and write what these services speak, purely; ``choosing`` says which capture is wanted;
``pace`` keeps, over restarts, to rates that may not be exceeded, and the queue of what is still to be asked; ``asking`` asks.
"""

from __future__ import annotations

from scanner.archives.asker import LookAsker
from scanner.archives.asking import Archives, ArchiveStopped, tried
from scanner.archives.choosing import CrawlWindow, wanted_captures, window_of
from scanner.archives.pace import Pace, Queue, open_pace
from scanner.archives.wayback import CdxRow

__all__ = [
    "ArchiveStopped",
    "Archives",
    "CdxRow",
    "CrawlWindow",
    "LookAsker",
    "Pace",
    "Queue",
    "open_pace",
    "tried",
    "wanted_captures",
    "window_of",
]
