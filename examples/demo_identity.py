"""The part of the demo without keys: an identity, a certificate for twenty minutes, a log that saw it, a timestamp.

Whoever verifies has one file, the trusted root: the authority's certificate, the keys of the logs, the timestamp
authority's certificate. Whoever signs has another one that says whom to ask, and a token that says who they are.
"""

import base64
import json
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from demo_terminal import Demo

WHO: Final = "ada@example.com"
SINCE: Final = "2026-01-01T00:00:00Z"
TRUST: Final = "--trusted-root root.json"
SIGNING: Final = f"--signing-config signing.json {TRUST}"


def tell_identity_story(demo: Demo, image: str) -> None:
    """Sign an image and a file without a key that anyone keeps, verify both, and be refused three times."""
    demo.tell("Without keys: an identity provider for demos, logs, and an authority for certificates and timestamps.")
    demo.run("python -m ca_server init --dir ca --organization Example")
    with ExitStack() as stack:
        start = partial(start_server, demo, stack)
        issuer = start("python -m cosignpy.stack.devidp serve --dir idp --port 0")
        (demo.folder / "logs.yaml").write_text("ct:\n  roots: ca/authority/root/certificate.pem\n")
        log = start("python -m log_server serve --dir logs --config logs.yaml --port 0 --workers 0")
        write_settings(demo, issuer, log)
        authority = start("python -m ca_server serve --dir ca --config ca.yaml --port 0 --workers 0")
        write_trust(demo, authority, log)
        sign_as_somebody(demo, image, issuer)
        refuse_everybody_else(demo, image, issuer)


def sign_as_somebody(demo: Demo, image: str, issuer: str) -> None:
    """Sign and verify, first an image, then a file."""
    demo.tell(f"Be {WHO}: the token that a browser, or a CI job, would get.")
    line = f"python -m cosignpy.stack.devidp token --dir idp --email {WHO}"
    demo.type(f"{line} > token")
    (demo.folder / "token").write_text(demo.quietly(line))
    demo.run("cosignpy whoami --identity-token token")

    demo.tell("Sign the image: a key for this signature only, certified, logged, timestamped, verified, forgotten.")
    demo.run(f"cosignpy sign --identity-token token {SIGNING} {image}")
    demo.run(f"cosignpy verify {TRUST} {named(WHO, issuer)} {image}")

    demo.tell("A file goes the same way, and its bundle lies beside it.")
    demo.run(f"cosignpy sign-blob --identity-token token {SIGNING} release.txt")
    demo.run(f"cosignpy verify-blob {TRUST} {named(WHO, issuer)} release.txt")


def refuse_everybody_else(demo: Demo, image: str, issuer: str) -> None:
    """Show what does not pass."""
    demo.tell("Who expects somebody else's signature does not take this one.")
    demo.run(f"cosignpy verify {TRUST} {named('mallory@example.com', issuer)} {image}", expect=12)

    demo.tell("A file that was changed is another file.")
    (demo.folder / "release.txt").write_text("release 1.0, and something nasty\n")
    demo.run(f"cosignpy verify-blob {TRUST} {named(WHO, issuer)} release.txt", expect=12)

    demo.tell("Mallory gets a token of her own, and writes Ada's name into it: the authority refuses.")
    own = demo.quietly("python -m cosignpy.stack.devidp token --dir idp --email mallory@example.com")
    (demo.folder / "forged").write_text(write_name(own, WHO))
    demo.run(f"cosignpy sign-blob --identity-token forged {SIGNING} --bundle none.json release.txt", expect=23)


def start_server(demo: Demo, stack: ExitStack, line: str) -> str:
    """Start a server that runs until the stack is left, and return its URL."""
    demo.type(line)
    server = stack.enter_context(demo.serving(line))
    demo.show(server.said)
    return f"http://{server.address}"


def write_settings(demo: Demo, issuer: str, log: str) -> None:
    """Say whose tokens are believed (Fulcio's own file), and which log certificates go to."""
    believed = {"IssuerURL": issuer, "ClientID": "sigstore", "Type": "email"}
    (demo.folder / "issuers.json").write_text(json.dumps({"OIDCIssuers": {issuer: believed}}))
    (demo.folder / "ca.yaml").write_text(
        f"identity:\n  issuers: issuers.json\ntransparency:\n  logs:\n    - url: {log}\n"
    )


def write_trust(demo: Demo, authority: str, log: str) -> None:
    """Write whom to believe, and whom to ask, by the commands that people use."""
    stamps = f"{authority}/api/v1/timestamp"
    fetch(f"{authority}/api/v1/rootCert", demo.folder / "fulcio.pem")
    fetch(f"{stamps}/certchain", demo.folder / "tsa.pem")
    shown = {one["log"]: one for one in json.loads(demo.quietly("python -m log_server show --dir logs --output json"))}
    for name, one in shown.items():
        (demo.folder / f"{name}.pub").write_text(one["publicKey"])
    origin = f",origin={shown['rekor-v2']['origin']}"
    demo.tell("What verifiers believe, and whom signers ask: two files, with cosign's flags.")
    demo.run(
        f"cosignpy trusted-root create --fulcio url={authority},certificate-chain=fulcio.pem "
        f"--rekor url={log},public-key=rekor-v2.pub,start-time={SINCE}{origin} "
        f"--ctfe url={log},public-key=ct.pub,start-time={SINCE} "
        f"--tsa url={stamps},certificate-chain=tsa.pem --out root.json"
    )
    service = f"start-time={SINCE},operator=example.com"
    demo.run(
        f"cosignpy signing-config create --fulcio url={authority},api-version=1,{service} "
        f"--rekor url={log},api-version=2,{service} --rekor-config ANY "
        f"--tsa url={stamps},api-version=1,{service} --tsa-config ANY --out signing.json"
    )


def fetch(url: str, path: Path) -> None:
    """Write down what is there, of a server of this demo."""
    with urlopen(url, timeout=10) as answer:  # noqa: S310 # our own, over HTTP
        path.write_bytes(answer.read(1 << 20))


def named(person: str, issuer: str) -> str:
    """Return the flags that name a signer."""
    return f"--certificate-identity {person} --certificate-oidc-issuer {issuer}"


def write_name(token: str, email: str) -> str:
    """Change whom a token names, which its signature does not survive."""
    head, claims, signature = token.strip().split(".")
    said = json.loads(base64.urlsafe_b64decode(f"{claims}=="))
    changed = json.dumps({**said, "email": email}).encode()
    return f"{head}.{base64.urlsafe_b64encode(changed).rstrip(b'=').decode()}.{signature}"
