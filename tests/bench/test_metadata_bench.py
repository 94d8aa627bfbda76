"""The measurement of URL and caption matching, small: it runs, finds all that was planted, and says what it is a ratio of."""

from scanner.bench.metadata import run


def test_a_small_run_misses_nothing_and_measures_against_decoding() -> None:
    measured = {row.name: row for row in run(rows=60_000, each=200, repetitions=1, peers=True)}
    ours, decode = measured["provscan"], measured["pyarrow decode"]
    assert ours.missed == 0
    assert ours.found
    assert decode.ratio == 1.0
    assert ours.rows_per_second > 0
    assert ours.ratio == ours.seconds / decode.seconds
