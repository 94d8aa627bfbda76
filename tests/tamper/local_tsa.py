"""A time stamping authority on this machine, made by the ``openssl`` program: for tests, never evidence.

The recipe is that of the evidence contract, section 7: an RSA root and an EC leaf keep the certificate SET sorted.
Forgers are authorities too: the same recipe with a root that nobody trusts.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = """\
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
certs=chain.crt
signer_digest=sha256
default_policy=1.2.3.4.1
other_policies=1.2.3.4.2
digests=sha256,sha384,sha512
accuracy=secs:1
ordering=yes
tsa_name=yes
ess_cert_id_alg=sha256
"""


@dataclass(frozen=True)
class LocalTsa:
    """An authority in a folder: ``ca.crt`` is its root, ``chain.crt`` what its tokens carry beside the leaf."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "ca.crt"

    @property
    def chain(self) -> Path:
        return self.folder / "chain.crt"

    def run(self, command: str) -> str:
        done = subprocess.run(
            ["openssl", *command.split()], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"openssl {command}: {done.stderr}"
        return done.stdout

    def reply(self, request: bytes) -> bytes:
        """Answer a request as the authority would, over HTTP or by hand."""
        (self.folder / "query.tsq").write_bytes(request)
        self.run("ts -reply -config tsa.cnf -queryfile query.tsq -out answer.tsr")
        return (self.folder / "answer.tsr").read_bytes()

    def token(self, request: bytes) -> bytes:
        """The bare token, without the response around it."""
        (self.folder / "query.tsq").write_bytes(request)
        self.run("ts -reply -config tsa.cnf -queryfile query.tsq -token_out -out answer.token")
        return (self.folder / "answer.token").read_bytes()


@dataclass(frozen=True)
class TsaRecipe:
    """How an authority is made: names, key kinds, a CA between root and leaf, and when the leaf was valid."""

    root_name: str = "/O=TEST ONLY/CN=Test Root"
    leaf_name: str = "/O=TEST ONLY/CN=Test TSA"
    root_key: str = "rsa:2048"
    intermediate: bool = False
    validity: str = "-days 1"


def build_tsa(folder: Path, recipe: TsaRecipe | None = None) -> LocalTsa:
    """Make root, optional intermediate, leaf; every key is new."""
    recipe = recipe or TsaRecipe()
    folder.mkdir(parents=True)
    (folder / "tsa.cnf").write_text(CONFIGURATION, encoding="utf-8")
    (folder / "serial").write_text("01\n", encoding="utf-8")
    tsa = LocalTsa(folder)
    names = {"root": recipe.root_name, "leaf": recipe.leaf_name, "between": "/O=TEST ONLY/CN=Test Between"}
    _openssl_req(
        tsa, f"-x509 -newkey {recipe.root_key} -nodes -keyout ca.key -out ca.crt -days 3650", names["root"], "ca_ext"
    )
    issuer = "ca"
    if recipe.intermediate:
        tsa.run("ecparam -name prime256v1 -genkey -noout -out between.key")
        _openssl_req(tsa, "-new -key between.key -out between.csr", names["between"])
        _issue(tsa, "between", "ca", "ca_ext", "-days 30")
        issuer = "between"
    tsa.run("ecparam -name prime256v1 -genkey -noout -out tsa.key")
    _openssl_req(tsa, "-new -key tsa.key -out tsa.csr", names["leaf"])
    _issue(tsa, "tsa", issuer, "tsa_ext", recipe.validity)
    tsa.chain.write_bytes((folder / f"{issuer}.crt").read_bytes())
    return tsa


def _openssl_req(tsa: LocalTsa, options: str, subject: str, extensions: str = "") -> None:
    command = ["openssl", "req", *options.split(), "-subj", subject, "-config", "tsa.cnf"]
    command += ["-extensions", extensions] if extensions else []
    subprocess.run(command, cwd=tsa.folder, capture_output=True, check=True)


def _issue(tsa: LocalTsa, name: str, issuer: str, extensions: str, validity: str) -> None:
    tsa.run(
        f"x509 -req -in {name}.csr -CA {issuer}.crt -CAkey {issuer}.key -CAcreateserial -out {name}.crt "
        f"{validity} -extfile tsa.cnf -extensions {extensions}"
    )
