"""The tables of the ledger, by version: each version is a script that is run on the one before it."""

from __future__ import annotations

from typing import Final

_FIRST: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE digests (
    path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, stamp TEXT NOT NULL, shard_id TEXT NOT NULL, sha256 TEXT
) STRICT;
CREATE TABLE outcomes (key TEXT PRIMARY KEY, file TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, object TEXT, sha256 TEXT
) STRICT;
"""

# Cases.  A query set is what was asked together; `item` is the digest of what is asked of a work's picture, null where only what
# was declared about the work was looked for.  `compared` says which outcome answers which query set over which part of which shard.
_CASES: Final = """
ALTER TABLE events ADD COLUMN run INTEGER NOT NULL DEFAULT 0;
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, run_id TEXT NOT NULL, started_at TEXT NOT NULL,
    package TEXT NOT NULL, finished_at TEXT, manifest_sha256 TEXT, gaps TEXT
) STRICT;
CREATE TABLE query_sets (digest TEXT PRIMARY KEY, declared TEXT) STRICT;
CREATE TABLE query_set_works (
    query_set TEXT NOT NULL, place INTEGER NOT NULL, sha256 TEXT NOT NULL, item TEXT, PRIMARY KEY (query_set, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE readings (
    shard_id TEXT NOT NULL, mapping TEXT NOT NULL, facts TEXT NOT NULL, PRIMARY KEY (shard_id, mapping)
) STRICT, WITHOUT ROWID;
CREATE TABLE compared (
    shard_id TEXT NOT NULL, reading TEXT NOT NULL, part INTEGER NOT NULL, query_set TEXT NOT NULL, settings TEXT NOT NULL,
    result_version INTEGER NOT NULL, outcome TEXT NOT NULL, complete INTEGER NOT NULL, run INTEGER NOT NULL,
    PRIMARY KEY (shard_id, reading, part, query_set, settings, result_version)
) STRICT, WITHOUT ROWID;
CREATE INDEX compared_outcome ON compared (outcome);
CREATE TABLE sightings (
    dataset TEXT NOT NULL, shard_id TEXT NOT NULL, name TEXT NOT NULL, bytes INTEGER NOT NULL, mapping TEXT NOT NULL,
    digest TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, gone_at TEXT, gone_run INTEGER, PRIMARY KEY (dataset, shard_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE deaths (
    shard_id TEXT PRIMARY KEY, runs INTEGER NOT NULL, last_run INTEGER NOT NULL, last_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE measured (
    path TEXT PRIMARY KEY, stamp TEXT NOT NULL, settings TEXT NOT NULL, record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

VERSIONS: Final = (_FIRST, _CASES)
SCHEMA_VERSION: Final = len(VERSIONS)


def migration(version: int) -> str:
    """The script from ``version`` (0: nothing there) to the newest, in one transaction: all of it happens, or none."""
    return f"BEGIN IMMEDIATE; {''.join(VERSIONS[version:])} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
