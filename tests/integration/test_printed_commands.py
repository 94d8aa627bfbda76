"""VERIFY.md and README-FIRST.txt as their reader meets them: every printed command runs as printed, on a real small package."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import package_builder
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageDraw

from manifests.bag import SEAL, TAG_FILES

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("bash", "sha256sum", "openssl", "sed", "grep", "find")
ROW = 17

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in NEEDED), reason=f"needs {', '.join(NEEDED)} on the path"
)


@dataclass(frozen=True)
class Scene:
    """A package and, beside it, what its reader has from elsewhere: the shard, the work, the stamp's root."""

    package: Path

    def blocks(self, file: str = "VERIFY.md") -> list[str]:
        """The printed bash blocks in order."""
        return re.findall(r"```bash\n(.*?)```", (self.package / file).read_text(encoding="utf-8"), re.DOTALL)

    def run(self, script: str) -> str:
        """Output of a script run in the package's folder; a failing command fails the test."""
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=self.package,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def step(self, marker: str, file: str = "VERIFY.md") -> str:
        """Output of the one block that holds ``marker``, after the block of values."""
        blocks = self.blocks(file)
        found = [block for block in blocks if marker in block]
        assert len(found) == 1, marker
        return self.run(f"{blocks[0]}\n{found[0]}")


def picture() -> Image.Image:
    """A work with some structure."""
    image = Image.new("RGB", (320, 240), "#e8d9b0")
    draw = ImageDraw.Draw(image)
    draw.ellipse((40, 30, 200, 190), fill="#8a2f1c")
    draw.polygon([(210, 40), (300, 220), (150, 200)], fill="#1f4a52")
    return image


def grey(image: Image.Image, side: int) -> bytes:
    target = io.BytesIO()
    image.convert("L").resize((side, side), Image.Resampling.LANCZOS).save(target, "PNG")
    return target.getvalue()


def capture() -> tuple[bytes, str]:
    """A WARC of one answer, and the digest of its body."""
    body = b"not a picture, but bytes that were returned"
    block = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + body
    fields = {
        "WARC-Type": "response",
        "WARC-Record-ID": "<urn:uuid:2a4d5f0e-1f7b-4f5e-9a53-0d7a3f6f3c11>",
        "WARC-Target-URI": "https://img.example.org/17.jpg",
        "WARC-Date": package_builder.STARTED,
        "WARC-Block-Digest": f"sha256:{hashlib.sha256(block).hexdigest()}",
        "WARC-Payload-Digest": f"sha256:{hashlib.sha256(body).hexdigest()}",
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    record = b"WARC/1.1\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n"
    return gzip.compress(record, mtime=0), hashlib.sha256(body).hexdigest()


def world(folder: Path) -> package_builder.World:
    """One work, one parquet file of 40 rows in two row groups, one finding, one capture; the files stand beside the package."""
    import imagehash

    image = picture()
    image.save(folder / "the fox's.png")
    content = (folder / "the fox's.png").read_bytes()
    mark = f"phash64:{imagehash.phash(image)}"
    row_mark = f"{int(mark.partition(':')[2], 16) ^ 0b1010:016x}"
    urls = [f"https://img.example.org/{number}.jpg" for number in range(40)]
    captions = [f"picture {number}, «ink»" for number in range(40)]
    hashes = [row_mark if number == ROW else f"{number:016x}" for number in range(40)]
    table = pa.table({"URL": urls, "TEXT": captions, "image_phash": hashes})
    pq.write_table(table, folder / "part 0.parquet", row_group_size=10)
    digest = hashlib.sha256((folder / "part 0.parquet").read_bytes()).hexdigest()

    made = package_builder.World()
    work: dict[str, Any] = package_builder.work("fox.png", 1)
    sha256 = hashlib.sha256(content).hexdigest()
    work |= {"files": ["portfolio/the fox's.png"], "sha256": sha256, "work_id": f"w-{sha256[:16]}"}
    work["fingerprints"] = [{"id": "phash64", "variant": "original", "value": mark}]
    made.works = [work]
    shard = package_builder.shard("coyo700m", "data/part 0.parquet", rows=40)
    shard |= {"shard_id": f"sha256:{digest}", "shard_sha256": digest}
    made.coverage, made.datasets = [shard], [package_builder.dataset("coyo700m", 1, rows=40)]
    entry = package_builder.near(work, 0, "compiler", variant="original", column="image_phash")
    entry |= {"value": 2, "row_value": f"phash64:{row_mark}"}
    extra = [["image_phash", "string", row_mark]]
    row = package_builder.row(made, shard, ROW, extra, url=urls[ROW], caption=captions[ROW])
    row |= {"row_group": 1, "row_in_group": 7}
    package_builder.match(made, work, row, [entry], chance="0.00034")
    made.files[f"renditions/{sha256[:16]}-original-phash64.png"] = grey(image, 32)
    made.files["captures/0000.warc.gz"] = capture()[0]
    return made


TSA_CONFIG = """
[req]
distinguished_name=dn
[dn]
[ca_ext]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
[tsa_ext]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
[tsa]
default_tsa=tsa1
[tsa1]
serial=serial
signer_cert=tsa.crt
signer_key=tsa.key
certs=ca.crt
signer_digest=sha256
default_policy=1.2.3.4.1
digests=sha256,sha384,sha512
accuracy=secs:1
ordering=yes
tsa_name=yes
ess_cert_id_alg=sha256
"""
TSA_COMMANDS = """
echo 01 > serial
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 3650 -subj "/O=TEST ONLY/CN=Test Root" -config tsa.cnf -extensions ca_ext
openssl ecparam -name prime256v1 -genkey -noout -out tsa.key
openssl req -new -key tsa.key -out tsa.csr -subj "/O=TEST ONLY/CN=Test TSA" -config tsa.cnf
openssl x509 -req -in tsa.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out tsa.crt -days 1 -extfile tsa.cnf -extensions tsa_ext
openssl ts -reply -config tsa.cnf -queryfile "$QUERY" -out "$REPLY"
cp ca.crt "$ROOT_COPY"
"""


def stamp(package: Path, folder: Path) -> None:
    """Stamp the seal with an authority of our own, from the request that lies ready in the package."""
    folder.mkdir()
    (folder / "tsa.cnf").write_text(TSA_CONFIG, encoding="utf-8")
    places = {
        "QUERY": str(package / "proofs/tsa/PENDING-seal.tsq"),
        "REPLY": str(package / "proofs/tsa/seal.tsr"),
        "ROOT_COPY": str(package.parent / "tsa-root.pem"),
    }
    subprocess.run(
        ["bash", "-e", "-c", TSA_COMMANDS], cwd=folder, env={**os.environ, **places}, check=True, capture_output=True
    )


def sign(package: Path, folder: Path, algorithm: str) -> None:
    """Sign the seal as ``provscan sign`` does, with openssl."""
    folder.mkdir()
    key, seal = folder / "key.pem", package / "tagmanifest-sha256.txt"
    make = {"p256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "ed25519": ["ed25519"]}[algorithm]
    how = {"p256": ["-digest", "sha256"], "ed25519": []}[algorithm]
    commands: list[list[str | Path]] = [
        ["genpkey", "-algorithm", *make, "-out", key],
        ["pkey", "-in", key, "-pubout", "-out", package / "proofs/signer.pub.pem"],
        ["pkeyutl", "-sign", "-inkey", key, "-rawin", *how, "-in", seal, "-out", f"{package}/proofs/{seal.name}.sig"],
    ]
    for command in commands:
        subprocess.run(["openssl", *command], check=True, capture_output=True)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("printed commands")  # with a space, as on an artist's desk
    package_builder.write(world(folder), folder / "package")
    stamp(folder / "package", folder / "tsa")
    sign(folder / "package", folder / "keys", "p256")
    return Scene(folder / "package")


def test_step_1_finds_nothing_changed_and_nothing_added(scene: Scene) -> None:
    printed = scene.step("find data -type f")
    assert "FAILED" not in printed
    first, second = re.findall(r"^\s*(\d+)(?:\s|$)", printed, re.MULTILINE)
    assert first == second
    assert printed.rstrip().endswith(first)  # no link is printed after the numbers


def test_step_1_shows_the_seal_and_what_lies_beside_it(scene: Scene) -> None:
    first, *names = scene.step("sort -c").split()
    assert first == str(len(TAG_FILES))
    assert set(names) == {*TAG_FILES, SEAL, "data", "proofs"}


@pytest.mark.parametrize("change", ["removed", "doubled", "swapped", "repeated", "blank"])
def test_step_1_finds_a_changed_line_of_the_seal_which_no_list_covers(
    scene: Scene, tmp_path: Path, change: str
) -> None:
    copy = shutil.copytree(scene.package, tmp_path / "package")
    seal = copy / SEAL
    first, second, *rest = seal.read_bytes().splitlines(keepends=True)
    changed = {
        "removed": [second, *rest],
        "doubled": [first, first, second, *rest],
        "swapped": [second, first, *rest],
        "repeated": [first, second, *rest, first],
        "blank": [first, second, *rest, b"\n"],
    }
    seal.write_bytes(b"".join(changed[change]))
    try:
        printed = Scene(copy).step("sort -c").split()
    except AssertionError:
        return
    assert printed[0] != str(len(TAG_FILES))


def test_step_2_verifies_the_stamp(scene: Scene) -> None:
    printed = scene.step("openssl ts -verify")
    assert "Verification: OK" in printed
    assert "Time stamp:" in printed


def test_step_3_verifies_a_p256_signature_and_prints_the_keys_fingerprint(scene: Scene) -> None:
    printed = scene.step("openssl pkeyutl")
    assert "Verified OK" in printed
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", scene.package / "proofs/signer.pub.pem", "-outform", "DER"],
        check=True,
        capture_output=True,
    ).stdout
    assert hashlib.sha256(der).hexdigest() in printed


def test_step_3_verifies_an_ed25519_signature(tmp_path: Path) -> None:
    package_builder.write(package_builder.world(), tmp_path / "p")
    sign(tmp_path / "p", tmp_path / "keys", "ed25519")
    assert "Signature Verified Successfully" in Scene(tmp_path / "p").step("openssl pkeyutl")


def test_step_4_finds_the_shard_in_coverage(scene: Scene) -> None:
    printed = scene.step("data/coverage.jsonl")
    assert '"shard":"data/part 0.parquet"' in printed


def test_step_4_compares_the_pieces_of_a_file_that_was_read_in_part(tmp_path: Path) -> None:
    made = world(tmp_path)
    shard = tmp_path / "part 0.parquet"
    piece = shard.read_bytes()[4:104]
    made.coverage[0]["parts"] = [{"offset": 4, "bytes": 100, "sha256": hashlib.sha256(piece).hexdigest()}]
    made.coverage[0]["bytes"] = shard.stat().st_size
    package_builder.write(made, tmp_path / "package")
    scene = Scene(tmp_path / "package")
    assert scene.step('shard["parts"]').strip() == "data/part 0.parquet 4 100 equal"
    assert scene.blocks("VERIFY.md") == scene.blocks("VERIFY.zh.md")
    shard.write_bytes(b"\0" * 200)
    assert scene.step('shard["parts"]').strip() == "data/part 0.parquet 4 100 DIFFERENT"


@pytest.mark.parametrize("marker", ["duckdb", "import pyarrow.parquet"])
def test_step_5_prints_the_row_of_the_publishers_file(scene: Scene, marker: str) -> None:
    pytest.importorskip(marker.rpartition(" ")[2].partition(".")[0])
    printed = scene.step(marker)
    assert f"URL = https://img.example.org/{ROW}.jpg" in printed
    assert f"TEXT = picture {ROW}, «ink»" in printed


def test_step_5_recomputes_the_digest_of_the_kept_row(scene: Scene) -> None:
    printed = scene.step("values_sha256")
    recorded, computed = re.findall(r"^(?:recorded|computed) ([0-9a-f]{64})$", printed, re.MULTILINE)
    assert recorded == computed
    assert f"URL (string) = https://img.example.org/{ROW}.jpg" in printed


def test_step_6_finds_the_work_in_the_portfolio(scene: Scene) -> None:
    assert '"files":["portfolio/the fox\'s.png"]' in scene.step('sha256sum < "$WORK"')


def test_step_6_prints_the_digest_of_what_was_fetched(scene: Scene) -> None:
    pytest.importorskip("warcio")
    assert capture()[1] in scene.step("warcio check")


def test_step_7_recomputes_fingerprints_and_distances(scene: Scene) -> None:
    pytest.importorskip("imagehash")
    assert "1 agree, 0 do not" in scene.step("hash_size=side")
    assert "1 agree, 0 do not" in scene.step("bit_count() == basis")


def test_the_printed_commands_find_a_change(scene: Scene, tmp_path: Path) -> None:
    copy = tmp_path / "package"
    shutil.copytree(scene.package, copy)
    records = copy / "data" / "matches.jsonl"
    records.write_bytes(records.read_bytes().replace(b'"value":2,', b'"value":1,'))
    changed = Scene(copy)
    with pytest.raises(AssertionError, match="FAILED"):
        changed.step("find data -type f")
    assert "0 agree, 1 do not" in changed.step("bit_count() == basis")


def test_both_languages_print_the_same_commands(scene: Scene) -> None:
    assert scene.blocks("VERIFY.md") == scene.blocks("VERIFY.zh.md")
    assert len(scene.blocks()) == 13


def test_no_marker_is_left_unfilled(scene: Scene) -> None:
    for name in ("README-FIRST.txt", "VERIFY.md", "VERIFY.zh.md"):
        assert not re.search("[⟦⟧]", (scene.package / name).read_text(encoding="utf-8")), name


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_commands_of_the_readme_run(tmp_path: Path, lang: Any) -> None:
    package_builder.write(package_builder.world(), tmp_path / "p", lang=lang)
    text = (tmp_path / "p" / "README-FIRST.txt").read_text(encoding="utf-8")
    checks = re.findall(r"^  (sha256sum .*|python -m manifests verify \.)$", text, re.MULTILINE)
    assert len(checks) == 2
    for command in checks:
        assert "FAILED" not in Scene(tmp_path / "p").run(f"export PYTHONPATH='{ROOT}'; {command}")
    request = re.search(r"--data-binary @(\S+)", text)
    assert request is not None
    assert (tmp_path / "p" / request[1]).stat().st_size == 69


def test_a_strangers_file_name_cannot_run_in_a_printed_command(tmp_path: Path) -> None:
    made = world(tmp_path)
    name = "$(touch pwned)'; touch pwned; '.parquet"
    made.coverage[0]["shard"] = made.matches[0]["row"]["shard"] = f"data/{name}"
    (tmp_path / "part 0.parquet").rename(tmp_path / name)
    package_builder.write(made, tmp_path / "package")
    scene = Scene(tmp_path / "package")
    assert f"URL = https://img.example.org/{ROW}.jpg" in scene.step("import pyarrow.parquet")
    assert not list(tmp_path.rglob("pwned"))


def test_a_name_with_control_characters_is_replaced(tmp_path: Path) -> None:
    made = package_builder.world()
    for match in made.matches:
        match["row"]["shard"] = "data/\u202etxt.parquet"
    package_builder.write(made, tmp_path / "p")
    assert "SHARD=../shard-file " in (tmp_path / "p" / "VERIFY.md").read_text(encoding="utf-8")


def test_a_package_without_findings_has_no_empty_commands(tmp_path: Path) -> None:
    made = package_builder.world()
    made.matches, made.rows, made.observations = [], {}, []
    package_builder.write(made, tmp_path / "p")
    scene = Scene(tmp_path / "p")
    assert not any("row-kept" in block or "values_sha256" in block for block in scene.blocks())
    assert "FAILED" not in scene.step("find data -type f")
