from __future__ import annotations

import pytest

from scanner.config import ScanConfig, parse_config
from scanner.errors import ConfigError
from scanner.fetch_policy import FetchPolicy


def test_settings_may_stand_at_the_top_or_under_scan() -> None:
    expected = ScanConfig(radius64=6, variants="fast", thumbnails=False, allow_network=("127.0.0.1/32",))
    text = 'radius64 = 6\nvariants = "fast"\nthumbnails = false\nallow_network = ["127.0.0.1/32"]\n'
    assert parse_config(text, where="a.toml") == expected
    assert parse_config(f"[scan]\n{text}", where="a.toml") == expected


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("radius46 = 6", "unknown key scan.radius46", "radius64"),
        ("radius64 = 99", "a whole number from 0 to 16", ""),
        ("radius64 = true", "a whole number", ""),
        ('variants = "all"', "one of fast, thorough", ""),
        ('thumbnails = "no"', "true or false", ""),
        ("allow_network = [1]", "a list of address ranges", ""),
        ("radius64 = ", "not valid TOML", "README"),
        ("scan = 1", "must be a table", ""),
        ("[fetch]\ncontacts = 'me'", "unknown key fetch.contacts", "contact"),
        ("[fetch]\nrobots = 'ignore'", "one of obey, record", ""),
        ("[fetch]\nconnections = 0", "a whole number from 1 to 1,024", ""),
        ("[fetch]\narchives = 1", "true or false", ""),
        ("[fetch]\ntimegates = 'x'", "a list of addresses", ""),
        ('[fetch]\ncontact = "a\\nb"', "must be one line", ""),
        ("fetch_policy = 1", "unknown key scan.fetch_policy", ""),
    ],
)
def test_a_wrong_setting_is_named_with_its_path(text: str, said: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        parse_config(text, where="a.toml")
    assert hint in caught.value.hint


def test_the_policy_of_fetching_stands_in_its_own_table_and_in_the_record_only_where_something_is_fetched() -> None:
    text = '[scan]\nfetch = "candidates"\n[fetch]\ncontact = "me@example.org"\nmax_requests = 5\ntimegates = ["https://a.test/"]\n'
    config = parse_config(text, where="a.toml")
    policy = FetchPolicy(contact="me@example.org", max_requests=5, timegates=("https://a.test/",))
    assert config == ScanConfig(fetch="candidates", fetch_policy=policy)
    assert config.record()["fetch_policy"]["timegates"] == ["https://a.test/"]
    assert "fetch_policy" not in ScanConfig(fetch_policy=policy).record()
    assert ScanConfig(fetch_policy=policy).sha256 == ScanConfig().sha256


def test_every_setting_changes_the_digest_of_the_configuration() -> None:
    changed = [
        ScanConfig(radius64=6), ScanConfig(radius256=6), ScanConfig(variants="fast"), ScanConfig(control_works=1),
        ScanConfig(thumbnails=False), ScanConfig(allow_network=("::1/128",)), ScanConfig(leads_per_work=1),
    ]  # fmt: skip
    assert len({config.sha256 for config in (ScanConfig(), *changed)}) == len(changed) + 1


def test_a_configuration_holds_no_floats_and_reads_back_as_itself() -> None:
    record = ScanConfig().record()
    assert not any(isinstance(value, float) for value in record.values())
    lines = [
        f"{name} = {str(value).lower() if not isinstance(value, str) else repr(value)}"
        for name, value in record.items()
    ]
    assert parse_config("\n".join(lines), where="a.toml") == ScanConfig()
