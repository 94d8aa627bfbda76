"""Identity files and gallery exports: what is read, and where an error is said to be."""

import json
import tomllib

import pytest

from scanner.errors import ConfigError
from scanner.identity import Domain, Identity, Name, identity_of, identity_template, parse_identity, parse_url_list

FULL = """
names = ["Ada Example", { given = "Béatrice", family = "Blue" }, { name = "B. Blue", given = "Béatrice", family = "Blue" }]
aliases = ["葛饰北斋"]
handles = ["@loish", "wlop_art"]
domains = ["Ada-Example.ART", "www.bücher.example", { domain = "old.example", from = 2009-01-01, to = "2018-06" }]
profile_urls = ["https://www.deviantart.com/ada"]
work_urls = ["https://ada-example.art/a.jpg", "https://ada-example.art/a.jpg"]
work_urls_file = "gallery.csv"
"""


def error_of(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse_identity(text, where="ada.toml")
    return caught.value


def test_every_key_is_read() -> None:
    identity = parse_identity(FULL, where="ada.toml")
    assert identity.names == (
        Name(name="Ada Example"),
        Name(name="Béatrice Blue", given="Béatrice", family="Blue"),
        Name(name="B. Blue", given="Béatrice", family="Blue"),
    )
    assert identity.aliases == ("葛饰北斋",)
    assert identity.handles == ("loish", "wlop_art")
    assert [one.domain for one in identity.domains] == ["ada-example.art", "xn--bcher-kva.example", "old.example"]
    assert identity.domains[2] == Domain(domain="old.example", since="2009-01-01", until="2018-06")
    assert identity.work_urls == ("https://ada-example.art/a.jpg",)
    assert identity.work_urls_files == ("gallery.csv",)


def test_the_keys_may_stand_in_a_table_called_identity() -> None:
    assert parse_identity('[identity]\nnames = ["Ada"]', where="x") == parse_identity('names = ["Ada"]', where="x")
    table = tomllib.loads(FULL)
    assert identity_of(table, where="case.toml") == parse_identity(FULL, where="ada.toml")


def test_the_template_is_valid_and_declares_nothing() -> None:
    assert parse_identity(identity_template(), where="case.toml") == Identity()


def test_the_template_with_every_example_uncommented_is_valid() -> None:
    lines = [
        line.replace("# ", "", 1) if line.lstrip().startswith(('# "', "# {", "# work_urls_file")) else line
        for line in identity_template().splitlines()
    ]
    identity = parse_identity("\n".join(lines), where="case.toml")
    assert len(identity.names) == 2
    assert identity.work_urls_files == ("gallery.csv",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('names = ["Ada"\n', "ada.toml is not valid TOML"),
        ('names = ["Ada"]\nalises = ["B"]', "ada.toml:2: alises is not a key of an identity"),
        ("names = [1]", "ada.toml:1: names[0] must be text, not a number"),
        ('\nnames = "Ada"\ndomains = 3', "ada.toml:3: domains must be a list of text, not a number"),
        ('names = [\n "Ada",\n "  ",\n]', "ada.toml:3: names[1] is empty"),
        ('names = ["A\\u0000b"]', "names[0] holds a control character"),
        ('names = [{ given = "Ada" }]', "names[0] needs both given and family"),
        ('names = [{ nick = "Ada" }]', "names[0].nick is not a key of a name"),
        (
            'domains = [\n "a.example",\n "deviantart.com",\n]',
            "ada.toml:3: domains[1] deviantart.com is shared by many people (deviantart)",
        ),
        ('domains = ["i.pinimg.com"]', "i.pinimg.com is shared by many people (pinterest)"),
        ('domains = ["ada.blogspot.com"]', "is shared by many people"),
        ('domains = ["github.io"]', "is shared by many people"),
        ('domains = ["co.uk"]', "is shared by many people"),
        ('domains = ["https://a.example/"]', "is not a domain"),
        ('domains = ["localhost"]', "is not a domain"),
        ('domains = [{ domain = "a.example", from = "2019", to = "2018" }]', "ends before it begins"),
        ('domains = [{ domain = "a.example", from = "May 2019" }]', "is not a date"),
        ('domains = [{ domain = "a.example", since = "2019" }]', "domains[0].since is not a key of a domain"),
        ('handles = ["@a b"]', "handles[0] is not a user name"),
        ('handles = ["https://x.com/a"]', "handles[0] is not a user name"),
        ('work_urls = ["ftp://a.example/a.jpg"]', "work_urls[0] is not an http or https address (scheme)"),
        ('domains = [{ domain = "a.example", from = "2019-02-31" }]', "domains[0].from is not a date"),
        ('work_urls = ["https://a.example/1.jpg https://a.example/2.jpg"]', "work_urls[0] holds several addresses"),
        ('profile_urls = ["ada"]', "profile_urls[0] is not an http or https address"),
        ("names = [" + json.dumps("x" * 600) + "]", "names[0] is longer than 512 characters"),
    ],
)
def test_an_error_names_file_line_and_key(text: str, said: str) -> None:
    assert said in error_of(text).message


def test_a_misspelled_key_is_answered_with_the_nearest_one() -> None:
    assert error_of('alises = ["B"]').hint == "Did you mean 'aliases'?"


def test_a_shared_platform_is_answered_with_what_to_declare_instead() -> None:
    assert "profile_urls" in error_of('domains = ["tumblr.com"]').hint


def test_equal_declarations_have_equal_digests_and_others_not() -> None:
    first, second = parse_identity(FULL, where="a"), parse_identity(FULL, where="b")
    assert first.digest == second.digest
    assert first.digest != parse_identity(FULL.replace("Ada Example", "Ada Examples"), where="a").digest
    assert first.with_work_urls(("https://b.example/1.jpg",)).digest != first.digest


def test_the_record_is_canonical_json_and_shows_the_other_spellings() -> None:
    record = parse_identity(FULL, where="a").record()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    spellings = {entry["of"]: entry["also"] for entry in record["spellings"]}
    assert "葛飾北斎" in spellings["葛饰北斋"]
    assert "Ada Example" not in spellings


@pytest.mark.parametrize(
    ("released", "covered"),
    [
        (None, True),
        ("2009-01-01", True),
        ("2008-12-31", False),
        ("2018-06-30", True),
        ("2018-07-01", False),
        ("2009", True),
        ("2008", False),
        ("2018", True),
        ("1.0.0", True),
        ("e7b713c9d9d2", True),
    ],
)
def test_a_sold_domain_covers_its_own_time(released: str | None, covered: bool) -> None:
    assert Domain(domain="old.example", since="2009-01-01", until="2018-06-30").covers(released) is covered


def test_a_text_list_is_read_line_by_line() -> None:
    text = "\ufeff# my gallery\nhttps://a.example/1.jpg\r\n\n| https://a.example/2.jpg\nhttps://a.example/1.jpg\n"
    assert parse_url_list(text, where="urls.txt") == ("https://a.example/1.jpg", "https://a.example/2.jpg")
    assert parse_url_list("# nothing\n\n", where="urls.txt") == ()


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/1.jpg; https://a.example/2.jpg\n",
        "https://a.example/1.jpg https://a.example/2.jpg\n",
        "- <https://a.example/1.jpg>\n* https://a.example/2.jpg,\n",
        "https://a.example/1.jpg\rhttps://a.example/2.jpg\r",
        'ID,Name,Images\n1,Fox,"https://a.example/1.jpg, https://a.example/2.jpg"\n',
        "sep=;\nname;Image URL;Page URL\nFox;https://a.example/1.jpg;https://a.example/p\nOwl;https://a.example/2.jpg;\n",
    ],
)
def test_a_list_as_programs_and_shops_export_it_is_taken_apart(text: str) -> None:
    assert parse_url_list(text, where="gallery.csv") == ("https://a.example/1.jpg", "https://a.example/2.jpg")


def test_an_address_inside_an_address_is_left_there() -> None:
    proxy = "https://images.example/300x/https://a.example/1.jpg"
    assert parse_url_list(f"{proxy}\n", where="urls.txt") == (proxy,)


@pytest.mark.parametrize(
    "text", ['["https://a.example/1.jpg", "https://a.example/2.jpg"]', '{"url": "https://a.example/1.jpg"}']
)
def test_json_is_no_list_of_addresses(text: str) -> None:
    with pytest.raises(ConfigError, match="this is JSON"):
        parse_url_list(text, where="gallery.json")


def test_a_bad_line_of_a_list_is_named() -> None:
    with pytest.raises(ConfigError, match=r"urls.txt:3: not an http or https address: 'fox'"):
        parse_url_list("https://a.example/1.jpg\n\nfox\n", where="urls.txt")


@pytest.mark.parametrize(
    "text",
    [
        'title,url\nFox,https://a.example/1.jpg\n"A, B",https://a.example/2.jpg\n',
        "title;Image_URL;page\nFox;https://a.example/1.jpg;x\nB;https://a.example/2.jpg;y\n",
        "id\tsrc\n1\thttps://a.example/1.jpg\n2\thttps://a.example/2.jpg\n",
        "title,where is it\nFox,https://a.example/1.jpg\nB,https://a.example/2.jpg\n",
        "Fox,https://a.example/1.jpg\nB,https://a.example/2.jpg\n",
        'title,url\n"Fox\nin snow",https://a.example/1.jpg\nB,https://a.example/2.jpg\nC,\n',
    ],
)
def test_a_table_is_read_by_its_column_of_addresses(text: str) -> None:
    assert parse_url_list(text, where="gallery.csv") == ("https://a.example/1.jpg", "https://a.example/2.jpg")


def test_a_bad_cell_of_a_table_is_named_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"gallery.csv:4: not an http or https address"):
        parse_url_list('title,url\n"Fox\nin snow",https://a.example/1.jpg\nB,fox\n', where="gallery.csv")


def test_a_table_without_addresses_is_answered_with_its_columns() -> None:
    with pytest.raises(ConfigError, match=r"no column of addresses among title, year"):
        parse_url_list("title,year\nFox,2012\n", where="gallery.csv")
