"""What the script makes of right and wrong proofs, in a real browser."""

import base64
import json
from collections.abc import Callable
from typing import Final

import pytest

from cosignpy.core.keys.algorithms import ECDSA_P256, ECDSA_P384, ECDSA_P521, ED25519, RSA_2048, Algorithm
from cosignpy.core.keys.private import PrivateKey
from cosignpy.core.merkle.hashing import hash_leaf
from tests.support.chromium import Tab
from tests.support.naive_tree import root as naive_root
from tests.support.page_logs import PageLog, certificate_entry, ct_log, draft, fulcio_leaf, rekor_v2
from tests.support.page_site import ENTRY, Site, check, v1_log

STEPS: Final = 5
BODY, LEAF_HASH, ROOT, TREE, SIGNATURE = range(STEPS)
"""The steps of the script, in its order."""
OTHER_KEY: Final = PrivateKey.generate(ECDSA_P256).public_key

FLIP: Final = "const flip = (text, at) => text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1);"


def except_for(state: str, *steps: int) -> list[str]:
    return [state if step in steps else "verified" for step in range(STEPS)]


@pytest.mark.parametrize(
    "path",
    [ENTRY, "/log/rekor-v1/0/entry/10", "/log/rekor-v2/0/entry/29", "/log/ct/0/entry/0", "/log/ct/0/entry/1"],
)
def test_a_right_proof_is_verified(tab: Tab, site: Site, path: str) -> None:
    assert check(tab, site.url(path)) == ("verified", ["verified"] * STEPS)
    assert tab.problems() == []


@pytest.mark.parametrize("algorithm", [ECDSA_P384, ECDSA_P521, RSA_2048, ED25519], ids=lambda found: found.key)
def test_every_kind_of_key_that_a_log_may_have_is_understood(tab: Tab, algorithm: Algorithm) -> None:
    with Site(v1_log(algorithm)) as running:
        assert check(tab, running.url(ENTRY)) == ("verified", ["verified"] * STEPS)


def test_a_tree_of_one_needs_no_hashes(tab: Tab) -> None:
    with Site(rekor_v2().add(draft(b"{}"))) as running:
        assert check(tab, running.url("/log/rekor-v2/0/entry/0")) == ("verified", ["verified"] * STEPS)


PATH_HASH: Final = "const item = document.querySelectorAll('#path code')[1]; "
NOTE: Final = (
    "const note = document.getElementById('checkpoint'); "
    "const [origin, size, root, , line] = note.textContent.split('\\n'); "
)
KEY: Final = f"document.getElementById('key').textContent = {json.dumps(OTHER_KEY.encode_pem().decode())}; "
PRINT: Final = f"document.getElementById('fingerprint').textContent = {json.dumps(OTHER_KEY.fingerprint)}; "
DATA: Final = "const data = document.getElementById('proof').dataset; "


def rewrite(*lines: str) -> str:
    return f"{NOTE}note.textContent = [{', '.join(lines)}].join('\\n');"


@pytest.mark.parametrize(
    ("alteration", "failing"),
    [
        pytest.param(PATH_HASH + "item.textContent = flip(item.textContent, 0);", [ROOT], id="hash-changed"),
        pytest.param(PATH_HASH + "item.parentNode.remove();", [ROOT], id="hash-missing"),
        pytest.param(PATH_HASH + "item.parentNode.after(item.parentNode.cloneNode(true));", [ROOT], id="hash-added"),
        pytest.param("document.getElementById('body').append(' ');", [BODY], id="body-changed"),
        pytest.param(
            "const leaf = document.getElementById('leaf'); leaf.textContent = flip(leaf.textContent, 20);",
            [BODY, ROOT],
            id="leaf-changed",
        ),
        pytest.param(DATA + "data.index = '4';", [ROOT], id="index-changed"),
        pytest.param(DATA + "data.index = '11';", [ROOT], id="index-outside"),
        pytest.param(DATA + "data.size = '12';", [TREE], id="size-changed"),
        pytest.param(DATA + "data.origin = 'another';", [TREE], id="origin-changed"),
        pytest.param(DATA + "data.hint = '00000000';", [SIGNATURE], id="hint-changed"),
        pytest.param(DATA + "data.signer = 'another';", [SIGNATURE], id="signer-changed"),
        pytest.param(rewrite("origin", "size", "flip(root, 5)", "''", "line", "''"), [ROOT, SIGNATURE], id="note-root"),
        pytest.param(rewrite("origin", "'10'", "root", "''", "line", "''"), [TREE, SIGNATURE], id="note-size"),
        pytest.param(rewrite("origin + '1'", "size", "root", "''", "line", "''"), [TREE, SIGNATURE], id="note-origin"),
        pytest.param(rewrite("origin", "size", "root", "''", "flip(line, 90)", "''"), [SIGNATURE], id="signature"),
        pytest.param(PRINT, [SIGNATURE], id="another-fingerprint"),
        pytest.param(KEY + PRINT, [SIGNATURE], id="another-key"),
        pytest.param(DATA + "data.algorithm = 'P-384';", [SIGNATURE], id="another-kind-of-key"),
    ],
)
def test_a_proof_with_one_change_fails_at_the_step_that_it_concerns(
    tab: Tab, site: Site, alteration: str, failing: list[int]
) -> None:
    tab.alter_before_scripts(FLIP + alteration)
    assert check(tab, site.url(ENTRY)) == ("failed", except_for("failed", *failing))


@pytest.mark.parametrize(
    "alteration",
    [
        "document.getElementById('leaf').textContent = '?';",
        "document.getElementById('checkpoint').textContent = 'text';",
        rewrite("origin", "'1e3'", "root", "''", "line", "''"),
        rewrite("origin", "size", "root", "''", "'no signature'", "''"),
    ],
)
def test_what_cannot_be_read_fails_as_a_whole(tab: Tab, site: Site, alteration: str) -> None:
    tab.alter_before_scripts(alteration)
    assert check(tab, site.url(ENTRY)) == ("failed", [])


DER_CASES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "not-a-sequence": lambda der: b"\x31" + der[1:],
    "wrong-length": lambda der: der[:1] + bytes([der[1] + 1]) + der[2:],
    "byte-behind": lambda der: der[:1] + bytes([der[1] + 1]) + der[2:] + b"\0",
    "not-a-number": lambda der: der[:2] + b"\x03" + der[3:],
    "too-long": lambda _: b"\x30\x26\x02\x21\x01" + bytes(32) + b"\x02\x01\x01",
    "empty": lambda _: b"",
}


@pytest.mark.parametrize("case", DER_CASES)
def test_an_ecdsa_signature_that_is_not_der_fails(tab: Tab, case: str) -> None:
    log = v1_log()
    tab.alter_before_scripts(resign(log, lambda raw: raw[:4] + DER_CASES[case](raw[4:])))
    with Site(log) as running:
        assert check(tab, running.url(ENTRY)) == ("failed", except_for("failed", SIGNATURE))


@pytest.mark.parametrize(("place", "to"), [(12, 2), (13, 1), (15, 0)], ids=["hash", "scheme", "length"])
def test_a_tree_head_that_is_signed_in_another_way_fails(tab: Tab, place: int, to: int) -> None:
    log = ct_log().add(certificate_entry(fulcio_leaf()))
    tab.alter_before_scripts(resign(log, lambda raw: raw[:place] + bytes([to]) + raw[place + 1 :]))
    with Site(log) as running:
        assert check(tab, running.url("/log/ct/0/entry/0")) == ("failed", except_for("failed", SIGNATURE))


def resign(log: PageLog, change: Callable[[bytes], bytes]) -> str:
    """Return the script that replaces the checkpoint by one with a changed signature; hint and all."""
    head, _, line = log.active.reader.tree().checkpoint.decode().rpartition(" ")
    changed = base64.b64encode(change(base64.b64decode(line))).decode()
    return f"document.getElementById('checkpoint').textContent = {json.dumps(head + ' ' + changed)};"


CT_KEY: Final = "document.querySelector('#certificate').textContent = document.getElementById('key').textContent;"
LEAF: Final = (
    "const leaf = document.getElementById('leaf');"
    "const change = (at, to) => { const raw = Array.from(atob(leaf.textContent));"
    "raw[at] = String.fromCharCode(to); leaf.textContent = btoa(raw.join('')); };"
)


@pytest.mark.parametrize(
    ("alteration", "failing"),
    [
        pytest.param(CT_KEY, [BODY], id="another-certificate"),
        pytest.param("document.querySelector('#certificate').remove();", [BODY], id="no-certificate"),
        pytest.param(LEAF + "change(11, 2);", [BODY, ROOT], id="unknown-type"),
        pytest.param(LEAF + "change(1, 1);", [BODY, ROOT], id="unknown-leaf"),
        pytest.param(LEAF + "change(5, 77);", [ROOT], id="another-time"),
        pytest.param(DATA + "data.form = 'note';", [SIGNATURE], id="another-form"),
        pytest.param(rewrite("origin", "size", "root", "''", "flip(line, 50)", "''"), [SIGNATURE], id="signature"),
    ],
)
def test_a_certificate_proof_with_one_change_fails_at_the_step_that_it_concerns(
    tab: Tab, site: Site, alteration: str, failing: list[int]
) -> None:
    tab.alter_before_scripts(FLIP + alteration)
    assert check(tab, site.url("/log/ct/0/entry/0")) == ("failed", except_for("failed", *failing))


def test_a_browser_that_lacks_the_algorithm_says_what_it_did_not_check(tab: Tab, site: Site) -> None:
    tab.alter_before_scripts(
        "crypto.subtle.importKey = async () => { throw new DOMException('no', 'NotSupportedError'); };"
    )
    assert check(tab, site.url("/log/rekor-v2/0/entry/7")) == ("open", except_for("open", SIGNATURE))


def test_a_kind_of_key_that_the_script_does_not_know_is_not_checked(tab: Tab, site: Site) -> None:
    tab.alter_before_scripts(DATA + "data.algorithm = 'ML-DSA-65';")
    assert check(tab, site.url(ENTRY)) == ("open", except_for("open", SIGNATURE))


def test_a_script_that_fails_claims_nothing(tab: Tab, site: Site) -> None:
    tab.alter_before_scripts(DATA + "data.index = 'x';")
    assert check(tab, site.url(ENTRY)) == ("open", [])


def test_over_plain_http_nothing_is_claimed(tab: Tab, site: Site) -> None:
    assert check(tab, site.url(ENTRY, host="log.test")) == ("open", [])
    assert "https" in tab.evaluate("document.getElementById('verdict').textContent")


def test_without_scripts_the_page_says_that_nothing_was_checked(tab: Tab, site: Site) -> None:
    tab.send("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(site.url(ENTRY))
    shown = tab.send("DOM.getDocument")["root"]["nodeId"]
    verdict = tab.send("DOM.querySelector", nodeId=shown, selector="#verdict[data-state=open]")["nodeId"]
    assert "Not checked" in tab.send("DOM.getOuterHTML", nodeId=verdict)["outerHTML"]


def test_the_script_climbs_every_path_as_the_naive_tree_does(tab: Tab, site: Site) -> None:
    leaves = [b"%d" % number for number in range(20)]
    log = rekor_v2()
    cases = []
    for leaf in leaves:
        log.add(draft(leaf))
        size = log.active.reader.tree().size
        for index in range(size):
            hashes = [hashed.hex() for hashed in log.active.reader.inclusion(index, size).hashes]
            root = naive_root([hash_leaf(one) for one in leaves[:size]]).hex()
            cases.append([index, size, hash_leaf(leaves[index]).hex(), hashes, root])
    tab.open(site.url("/"))
    wrong = tab.evaluate(
        f"""(async () => {{
            const {{ fromHex, toHex, impliedRoot }} = await import("/static/proof.js");
            const wrong = [];
            for (const [index, size, leaf, path, root] of {json.dumps(cases)}) {{
                const found = await impliedRoot(BigInt(index), BigInt(size), fromHex(leaf), path.map(fromHex));
                if (toHex(found) !== root) wrong.push([index, size]);
            }}
            return wrong;
        }})()"""
    )
    assert (len(cases), wrong) == (210, [])


@pytest.mark.parametrize(
    ("index", "size", "hashes"),
    [(0, 1, 1), (0, 2, 0), (0, 2, 2), (1, 1, 0), (4, 4, 2), (4, 5, 0), (4, 5, 2), (0, 0, 0)],
)
def test_a_path_that_is_none_in_a_tree_of_this_size_is_refused(
    tab: Tab, site: Site, index: int, size: int, hashes: int
) -> None:
    tab.open(site.url("/"))
    refused = tab.evaluate(
        f"""(async () => {{
            const {{ Refuted, impliedRoot }} = await import("/static/proof.js");
            const path = Array(Number({hashes})).fill(new Uint8Array(32));
            const implied = impliedRoot({index}n, {size}n, new Uint8Array(32), path);
            return implied.then(() => false, (error) => error instanceof Refuted);
        }})()"""
    )
    assert refused is True
