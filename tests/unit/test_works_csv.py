from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scanner.errors import PortfolioError
from scanner.portfolios.works_csv import read_works_csv

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    works = tmp_path / "works"
    (works / "sub").mkdir(parents=True)
    for name in ("fox.png", "owl.png", "sub/hare.png", "fox web.png", "größe.png"):
        (works / name).write_bytes(b"x")
    (tmp_path / "elsewhere.png").write_bytes(b"x")
    return works


def listed(folder: Path, text: str | bytes) -> Path:
    path = folder / "works.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusal(folder: Path, text: str | bytes) -> str:
    with pytest.raises(PortfolioError) as caught:
        read_works_csv(listed(folder, text))
    assert str(folder) not in caught.value.message
    return caught.value.message


def test_all_columns_become_declarations(folder: Path) -> None:
    text = (
        "file,title,registration_no,registration_date,registration_office,first_published,published_url,iscc,price\n"
        'fox.png,"Fox, at night",VA 2-1,2020-01-02,US Copyright Office,2019-05-01,'
        '"https://a.example/fox\nhttps://b.example/fox",ISCC:EEA4,900\n'
        "sub/hare.png,,,,,,,,\n"
    )
    fox, hare = read_works_csv(listed(folder, text))
    assert fox.file == "fox.png"
    assert fox.declared.title == "Fox, at night"
    assert fox.declared.registration_no == "VA 2-1"
    assert fox.declared.registration_office == "US Copyright Office"
    assert fox.declared.first_published == "2019-05-01"
    assert fox.declared.published_urls == ("https://a.example/fox", "https://b.example/fox")
    assert fox.declared.iscc == "ISCC:EEA4"
    assert hare.file == "sub/hare.png"
    assert hare.declared.title is None
    assert hare.declared.published_urls == ()


@pytest.mark.parametrize(
    "content",
    [
        "\ufefffile,title\nfox.png,Größe\n".encode(),
        "file;title\r\nfox.png;Größe\r\n".encode(),
        "file\ttitle\nfox.png\tGröße".encode(),
        "file,title\nfox.png,Größe\n".encode("utf-16"),
        '"File" , "Title"\n"fox.png","Größe"\n\n,\n'.replace(" , ", ",").encode(),
    ],
)
def test_what_spreadsheets_write_is_read(folder: Path, content: bytes) -> None:
    (fox,) = read_works_csv(listed(folder, content))
    assert (fox.file, fox.declared.title) == ("fox.png", "Größe")


def test_paths_outside_the_folder_are_shown_by_name_alone(folder: Path) -> None:
    outside = folder.parent / "elsewhere.png"
    first, second = read_works_csv(listed(folder, f"file\n../elsewhere.png\n{folder / 'owl.png'}\n"))
    assert (first.file, outside.samefile(first.path)) == ("elsewhere.png", True)
    assert second.file == "owl.png"


def test_windows_separators_are_read_everywhere(folder: Path) -> None:
    (hare,) = read_works_csv(listed(folder, "file\nsub\\hare.png\n"))
    assert hare.file == "sub/hare.png"


def test_a_rendition_names_its_work(folder: Path) -> None:
    fox, web = read_works_csv(listed(folder, "file,rendition_of\nfox.png,\nfox web.png,./fox.png\n"))
    assert fox.rendition_of is None
    assert (web.file, web.rendition_of) == ("fox web.png", "fox.png")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file\nfox.png\ngone.png\n", "works.csv: line 3: 'gone.png' is not there"),
        ("file\nsub\n", "works.csv: line 2: 'sub' is a folder"),
        ("file\nfox.png\n./fox.png\n", "works.csv: line 3: './fox.png' was listed in line 2"),
        ('file,title\nfox.png,"a\nb"\ngone.png,x\n', "works.csv: line 4: 'gone.png' is not there"),
        ("file,rendition_of\nfox.png,fox.png\n", "line 2: 'fox.png' is given as a rendition of itself"),
        ("file,rendition_of\nfox.png,owl.png\n", "line 2: rendition_of 'owl.png' is not the file of any line"),
        (
            "file,rendition_of\nfox.png,\nowl.png,fox.png\nfox web.png,owl.png\n",
            "line 4: rendition_of 'owl.png' is itself a rendition (line 3)",
        ),
        ("title\nFox\n", "works.csv line 1: no column “file” among: title"),
        ("file,file\nfox.png,fox.png\n", "works.csv line 1: two columns “file”"),
        ("file,titel\nfox.png,Fox\n", "works.csv line 1: unknown column “titel”"),
        ("file,title\nfox.png,Fox, at night\n", "works.csv line 2: 3 fields for 2 columns"),
        ("file,title\n,Fox\n", "works.csv line 2: the file is not named"),
        ("", "works.csv is empty"),
        ('file,title\nfox.png,"Fox\nowl.png,Owl\n', "works.csv line 2: unexpected end of data"),
        (b"file,title\nfox.png,Gr\xf6\xdfe\n", "works.csv line 2: not UTF-8 text"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(folder: Path, text: str | bytes, sentence: str) -> None:
    assert sentence in refusal(folder, text)


def test_of_many_problems_the_first_ten_are_told(folder: Path) -> None:
    said = refusal(folder, "file\n" + "".join(f"gone-{at}.png\n" for at in range(14)))
    assert "line 11: 'gone-9.png'" in said
    assert said.endswith("and 4 more")
