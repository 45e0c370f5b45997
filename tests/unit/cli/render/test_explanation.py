"""Evidence as a tree: complete, readable from any document of the schema, and safe to look at."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from cosignpy.cli.render.branches import Branch, Mark, draw
from cosignpy.cli.render.bundle import bundle_evidence, bundle_refusal, text_lines
from cosignpy.cli.render.errors import MOST_REJECTIONS
from cosignpy.cli.render.explanation import explain, recorded_exit_code, render_evidence
from cosignpy.cli.render.policy import policy_to_json
from cosignpy.cli.render.verification import ImageResult, evidence
from cosignpy.core.encoding import JsonObject, encode_json
from cosignpy.core.policy.bundle import BundlePolicy, SignedByIdentity
from cosignpy.core.policy.deny import DeniedKey, DenyList
from cosignpy.core.policy.predicate import AnyPredicateUnsafe
from cosignpy.core.policy.transparency import (
    AssumeTimeUnsafe,
    RequireLog,
    RequireSignedTime,
    SkipLogUnsafe,
    SkipSctUnsafe,
)
from cosignpy.core.verify.bundle import verify_bundle
from cosignpy.core.verify.evidence import VerifiedImage
from cosignpy.core.verify.signature import verify_bundle as verify_image_bundle
from cosignpy.errors import (
    CosignError,
    FilesMismatch,
    MalformedError,
    NoMatchingSignatures,
    NoSignatures,
    Rejection,
    SignatureMismatch,
)
from cosignpy.values import replace
from tests.support.certificates import MIDDLE
from tests.support.signed import IMAGE, KEY, OTHER_KEY, Signed, policy
from tests.support.virtual_sigstore import ALICE, BY_ALICE, FILE, REKOR_V2, ROOT, TRUST, Signing, v1_bundle, v2_bundle

HOSTILE: Final = "x\x1b[2K\rVerified\n✓ fine"


def lines(document: dict[str, Any]) -> list[str]:
    """Draw a document after it was written and read again, as if it did not say when."""
    kept = {name: content for name, content in document.items() if name != "checkedAt"}
    return list(draw(explain(JsonObject.parse(encode_json(kept), what="evidence"))))


def blob() -> dict[str, Any]:
    return bundle_evidence("blob", verify_bundle(v1_bundle(), FILE, TRUST, BY_ALICE))


def refusal() -> CosignError:
    with pytest.raises(CosignError) as caught:
        verify_bundle(v2_bundle(), FILE, replace(TRUST, root=replace(ROOT, ct_logs=())), BY_ALICE)
    return caught.value


def image() -> dict[str, Any]:
    found = verify_image_bundle(Signed().bundle, IMAGE, policy(), "bundle sha256:1234")
    return evidence([ImageResult("r.test/app:1", IMAGE, VerifiedImage(IMAGE, (found,)))], policy(), 0)


def test_a_tree_is_drawn_line_by_line() -> None:
    tree = Branch("root", Mark.GOOD, [Branch("a", Mark.BAD, [Branch("deep")]), Branch("b", below=[Branch(HOSTILE)])])
    assert list(draw(tree)) == [
        "✓ root",
        "├─ ✗ a",
        "│  └─ deep",
        "└─ b",
        r"   └─ x\u001b[2K\u000dVerified\u000a✓ fine",
    ]


def test_all_that_was_shown_is_told() -> None:
    document = blob()
    told = "\n".join(lines(document))
    entry, certificate = document["logEntries"][0], document["certificate"]
    for text in (
        "✓ blob: verified by cosignpy",
        "alice@example.com, says https://issuer.test",
        f"issued by https://fulcio.test, by its certificate {certificate['authorityCertificate']}",
        f"by https://ct.test, log id {certificate['scts'][0]['logId']}",
        "2026-01-01T00:05:00+00:00, says https://rekor.test (transparency log, log id",
        f"entry 1004 of https://rekor.test (hashedrekord 0.0.1), log id {entry['logId']}",
        "promised by the log at 2026-01-01T00:05:00+00:00",
        f"entry 4 of the 7 of 'rekor.test - 1193050959916656506', root hash {entry['inclusion']['rootHash']}",
        f"key {document['key']['fingerprint']}, PKIX_ECDSA_P256_SHA_256",
        f"digest sha256:{document['digests']['sha256']}",
    ):
        assert text in told
    assert [line for line in told.splitlines() if line.startswith(("├─ ✗", "├─ !", "├─ ·"))] == []


def test_a_refusal_says_what_failed_what_was_compared_and_what_to_do() -> None:
    document = bundle_refusal("blob", refusal())
    told = lines(document)
    assert told[0].startswith("✗ blob: refused by cosignpy")
    assert told[0].endswith("exit code 12")
    failed = next(line for line in told if line.startswith("├─ ✗ sct: "))
    assert document["error"]["message"] in failed
    assert [line for line in told if "· " in line] == [
        f"├─ · {name}: not reached" for name in ("identity", "deny list", "claims", "signature", "artifact")
    ]
    assert told[-1] == f"└─ → first thing to do: {document['error']['hint']}"
    assert "├─ ✓ log: everybody can see it" in told


def test_what_differed_is_shown_side_by_side() -> None:
    with pytest.raises(CosignError) as caught:
        verify_bundle(v2_bundle(), FILE, TRUST, replace(BY_ALICE, transparency=RequireLog(2)))
    told = lines(bundle_refusal("blob", caught.value))
    place = next(number for number, line in enumerate(told) if line.startswith("├─ ✗ log: "))
    assert told[place + 1 : place + 3] == ["│  ├─ wanted 2", "│  └─ found  1"]


def test_an_image_shows_each_signature_and_what_was_waived() -> None:
    told = lines(image())
    assert told[:2] == ["✓ 1 image: verified by cosignpy 0.1.0", "├─ demanded"]
    place = told.index("└─ ✓ r.test/app:1")
    assert told[place + 1 : place + 3] == [f"   ├─ digest {IMAGE}", "   └─ ✓ bundle sha256:1234"]
    assert "      ├─ ! log: not checked, test" in told
    assert told[-1] == f"         └─ digest {IMAGE}"


def test_what_was_demanded_is_told() -> None:
    keys = policy(KEY, OTHER_KEY, threshold=2, annotations={"env": "prod"})
    wanted = replace(keys, deny=DenyList.of([DeniedKey(b"1")]))
    told = lines(evidence([], wanted, 0))
    prints = [one.public_key.fingerprint for one in (KEY, OTHER_KEY)]
    assert told[1:] == [
        "└─ demanded",
        f"   ├─ signed by key {prints[0]}",
        f"   ├─ signed by key {prints[1]}",
        "   ├─ at least 2 of these 2",
        "   ├─ not by key sha256:31",
        "   ├─ transparency logs that have it: none",
        "   ├─ if it is a statement, of type https://sigstore.dev/cosign/sign/v1",
        "   └─ says env=prod",
    ]
    told = lines(blob())
    for line in (
        "│  ├─ signed by identity 'alice@example.com' by 'https://issuer.test'",
        "│  ├─ transparency logs that have it: 1",
        "│  ├─ authorities that say when: 1",
        "│  ├─ certificate transparency logs that have its certificate: 1",
    ):
        assert line in told


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        (BY_ALICE, {"times": 1, "timesBy": "timestamp authorities and logs", "scts": 1, "logEntries": 1}),
        (
            BundlePolicy(
                SignedByIdentity((ALICE,), RequireSignedTime(2), SkipSctUnsafe("test")),
                SkipLogUnsafe("test"),
                AnyPredicateUnsafe("test"),
            ),
            {"times": 2, "timesBy": "timestamp authorities", "scts": 0, "logEntries": 0, "predicateType": None},
        ),
        (
            BundlePolicy(SignedByIdentity((ALICE,), AssumeTimeUnsafe(MIDDLE, "test")), RequireLog(3)),
            {"times": 0, "logEntries": 3},
        ),
    ],
    ids=["strict", "waived", "assumed"],
)
def test_a_policy_is_written_with_its_numbers(policy: BundlePolicy, wanted: dict[str, Any]) -> None:
    found = policy_to_json(policy)
    assert found["identities"] == ["'alice@example.com' by 'https://issuer.test'"]
    assert {name: found[name] for name in wanted} == wanted


def test_an_image_that_was_refused_shows_every_reason_up_to_a_limit() -> None:
    with pytest.raises(CosignError) as caught:
        verify_image_bundle(Signed(key=OTHER_KEY).bundle, IMAGE, policy(), "bundle")
    many = [Rejection(f"bundle {number}", caught.value) for number in range(MOST_REJECTIONS + 2)]
    document = evidence([ImageResult("app", None, NoMatchingSignatures("app", many))], policy(), 12)
    told = lines(document)
    assert "└─ ✗ app: no matching signatures for app" in told
    assert len([line for line in told if line.endswith(": not counted")]) == MOST_REJECTIONS
    assert "   ├─ and 2 more, all in the evidence" in told
    assert told[-1] == f"   └─ → first thing to do: {document['images'][0]['error']['hint']}"


def test_an_error_without_steps_is_its_reason_alone() -> None:
    document = evidence([ImageResult("app", IMAGE, NoSignatures("app", "sign it"))], policy(), 10)
    told = lines(document)
    assert told[0] == "✗ 1 image: refused by cosignpy 0.1.0, exit code 10"
    assert told[-3:] == [
        "└─ ✗ app: no signatures found for app",
        f"   ├─ digest {IMAGE}",
        "   └─ → first thing to do: sign it",
    ]
    refused = [Rejection("bundle", SignatureMismatch("why"))]
    document = evidence([ImageResult("app", IMAGE, NoMatchingSignatures("app", refused))], policy(), 12)
    assert "   │  └─ ✗ invalid signature: why" in lines(document)
    assert lines(evidence([], policy(), 0))[0] == "✓ 0 images: verified by cosignpy 0.1.0"


def test_the_time_of_the_run_is_told() -> None:
    document = blob()
    moment = datetime.strptime(document["checkedAt"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(0) <= datetime.now(UTC) - moment < timedelta(minutes=10)
    drawn = list(draw(explain(JsonObject.parse(encode_json(document), what="evidence"))))
    assert drawn == [f"{lines(document)[0]} at {document['checkedAt']}", *lines(document)[1:]]


def test_what_strangers_wrote_stays_one_line() -> None:
    document = image()
    signature = document["images"][0]["signatures"][0]
    signature["location"] = signature["type"] = signature["signed"]["dockerReference"] = HOSTILE
    signature["signed"]["annotations"] = {HOSTILE: HOSTILE, "number": [1]}
    told = lines(document)
    assert [line for line in told if any(not letter.isprintable() for letter in line)] == []
    assert len([line for line in told if r"x\u001b[2K\u000dVerified\u000a" in line]) == 4
    assert "says number=[1]" in "\n".join(told)


def test_evidence_of_before_steps_were_noted_shows_what_it_has() -> None:
    document = blob()
    for name in ("steps", "tool", "verified", "exitCode", "policy"):
        del document[name]
    del document["logEntries"][0]["inclusion"]
    del document["certificate"]["authorityCertificate"]
    del document["certificate"]["scts"][0]["logId"]
    told = lines(document)
    assert told[0] == "✓ blob: verified by cosignpy"
    assert "├─ issued by https://fulcio.test" in told
    assert "├─ promised at 2026-01-01T00:05:00+00:00 by https://ct.test" in told


def test_a_statement_is_demanded_where_it_has_to_say_more_than_a_signature() -> None:
    document = blob()
    document["policy"]["predicateType"] = "https://slsa.dev/provenance/v1"
    assert "│  └─ a statement of type https://slsa.dev/provenance/v1" in lines(document)


def test_a_step_of_a_later_program_is_shown_by_its_name() -> None:
    document = blob()
    document["steps"] = [{"step": "stars", "outcome": outcome} for outcome in ("passed", "failed", "unclear")]
    assert lines(document)[-3:] == ["├─ ✓ stars", "├─ ✗ stars: failed", "└─ · stars: unclear"]


def test_a_key_alone_has_no_certificate_to_show() -> None:
    document = blob()
    document["certificate"], document["times"] = None, [{"time": "then", "source": "nobody", "authority": ""}]
    told = "\n".join(lines(document))
    assert "taken to be then, since nobody has to say when" in told
    assert "issued by" not in told
    del document["key"]
    assert "PKIX" not in "\n".join(lines(document))


def test_a_time_that_was_assumed_is_told_as_nobodys() -> None:
    assumed = SignedByIdentity((ALICE,), AssumeTimeUnsafe(MIDDLE, "test"))
    found = verify_bundle(Signing(log=REKOR_V2).bundle(), FILE, TRUST, BundlePolicy(assumed, SkipLogUnsafe("test")))
    document = bundle_evidence("blob", found)
    assert document["times"] == [{"time": MIDDLE.isoformat(), "source": "nobody", "authority": ""}]
    assert "taken to be" in "\n".join(lines(document))
    assert any(line.startswith("taken to be    20") for line in text_lines(found))


def test_nobody_who_signed_and_nobody_who_says_so_are_named_as_such() -> None:
    document = blob()
    document["certificate"] |= {"names": [], "issuer": ""}
    assert "signed by nobody, says nobody" in "\n".join(lines(document))


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "cosignpy/evidence/v2"},
        {"schema": None},
        {"artifact": 1},
        {"steps": "all"},
        {"steps": [{"step": 1}]},
        {"exitCode": 256},
        {"exitCode": 12},
        {"verified": False},
        {"exitCode": True},
        {"times": [{"time": None}]},
        {"logEntries": [{"logIndex": -1}]},
        {"certificate": "none"},
    ],
    ids=json.dumps,
)
def test_a_document_that_is_not_what_it_should_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        lines(blob() | change)


def test_the_exit_code_is_that_of_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = (JsonObject(document, "evidence") for document in (blob(), bundle_refusal("blob", refusal())))
    assert [recorded_exit_code(good), recorded_exit_code(bad)] == [0, 12]
    assert [render_evidence(good), render_evidence(bad)] == [0, 12]
    assert capsys.readouterr().out.startswith("✓ blob")


def test_the_files_of_a_list_are_told_of() -> None:
    files = {"checked": [{"name": "a", "digests": {}}], "missing": ["b"], "unlisted": [HOSTILE]}
    told = lines(blob() | {"files": files})
    assert told[-3:-1] == ["├─ ✓ files: 1 are what the list says", "├─ ! not here, and not checked: b"]
    assert told[-1].startswith(r"└─ ! not in the list, so nobody signed it: x\u001b")


def test_files_that_differ_are_told_of_one_by_one() -> None:
    refused = [Rejection(name, SignatureMismatch("why")) for name in ("a", "b")]
    told = lines(bundle_refusal("SHA256SUMS", FilesMismatch("the folder", refused)))
    assert told[1:4] == [
        "├─ ✗ the folder is not what the signed list says",
        "├─ ✗ a: invalid signature: why",
        "├─ ✗ b: invalid signature: why",
    ]
