"""What `verify` and `verify-attestation` found: one screen for a person, our evidence JSON, or what cosign prints."""

from collections.abc import Iterator, Sequence

from cosignpy.cli.exit_codes import combined_exit_code, exit_code
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.render.bundle import proof_lines, waivers
from cosignpy.cli.render.errors import error_to_json, explain_error, one_line, rejection_to_json
from cosignpy.cli.render.policy import conditions_to_json, image_policy_to_json
from cosignpy.cli.render.proof import EVIDENCE_SCHEMA, head_to_json
from cosignpy.cli.render.statement import other_subjects
from cosignpy.core.digest import Digest
from cosignpy.core.dsse import EnvelopeSignature
from cosignpy.core.encoding import JsonValue, encode_json
from cosignpy.core.intoto import COSIGN_SIGN_V1, Statement
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.core.verify.evidence import SignatureFormat, VerifiedImage, VerifiedSignature
from cosignpy.core.verify.shown import signature_to_json
from cosignpy.errors import CosignError, NoMatchingSignatures
from cosignpy.values import replace, value


@value
class ImageResult:
    """One image of a run: what it was called, what was proved of it, or why nothing was; and where files name it."""

    name: str
    digest: Digest | None
    outcome: VerifiedImage | CosignError
    used_at: tuple[JsonValue, ...] = ()

    @property
    def exit_code(self) -> int:
        """The exit code this image alone would give."""
        return exit_code(self.outcome) if isinstance(self.outcome, CosignError) else 0


def render_verification(
    results: Sequence[ImageResult], policy: ImagePolicy, conditions: Sequence[JsonValue] = ()
) -> int:
    """Print the results in the form asked for and return the exit code of the run.

    `conditions` are the files with what the statements had to satisfy besides.
    """
    code = combined_exit_code(result.exit_code for result in results)
    if CURRENT.output is Output.TREE:
        from cosignpy.cli.render.explanation import render_explanation  # of no use to the other forms

        return render_explanation(evidence(results, policy, code, conditions))
    for result in results:
        if isinstance(result.outcome, CosignError):
            explain_error(result.outcome)
    if CURRENT.output is Output.JSON:
        CURRENT.print(encode_json(evidence(results, policy, code, conditions)).decode())
    elif CURRENT.output is Output.COSIGN and policy.wants_attestation:
        _print_envelopes(results)
    elif CURRENT.output is Output.PREDICATE:
        _print_predicates(results)
    elif CURRENT.output is Output.COSIGN:
        _print_payloads(results)
    else:
        _print_text(results)
    return code


def _print_payloads(results: Sequence[ImageResult]) -> None:
    payloads = [payload for result in results for payload in cosign_payloads(result)]
    if payloads:
        CURRENT.print("\n" + encode_json(payloads).decode())


def _print_envelopes(results: Sequence[ImageResult]) -> None:
    """Print what `cosign verify-attestation` prints: the envelope of each attestation that passed, one in a line."""
    for result in results:
        if not isinstance(result.outcome, CosignError):
            for signature in result.outcome.signatures:
                CURRENT.print(_one_envelope(signature))


def _print_predicates(results: Sequence[ImageResult]) -> None:
    """Print the predicate of each attestation that passed, to the last digit as it was signed."""
    from cosignpy.core.predicates.position import cut_value

    for result in results:
        if not isinstance(result.outcome, CosignError):
            for signature in result.outcome.signatures:
                payload = signature.claim.payload
                said = Statement.parse(payload).predicate is not None
                CURRENT.print(cut_value(payload, ("predicate",)).decode() if said else "null")


def _one_envelope(signature: VerifiedSignature) -> str:
    """Return an envelope as it is stored; without key ids, which nobody signed, where it is not one plain line."""
    stored, envelope = signature.encoded_envelope.decode().strip(), signature.envelope
    if envelope is None or (stored.isascii() and stored.isprintable()):
        return stored
    bare = replace(envelope, signatures=tuple([EnvelopeSignature(made.signature) for made in envelope.signatures]))
    return bare.encode().decode()


def _print_text(results: Sequence[ImageResult]) -> None:
    for result in results:
        for line in text_lines(result):
            CURRENT.print(one_line(line))


def text_lines(result: ImageResult) -> Iterator[str]:
    """Write one verified image for a person; errors went to stderr."""
    if isinstance(result.outcome, CosignError):
        return
    yield f"Verified {result.name}"
    if str(result.outcome.digest) not in result.name:
        yield f"  digest       {result.outcome.digest}"
    for signer in dict.fromkeys(signature.signer for signature in result.outcome.signatures):
        found = [signature for signature in result.outcome.signatures if signature.signer == signer]
        yield f"  signed by    {name_signer(found[0])}"
        for signature in found:
            yield from _signature_lines(signature)
    for rejection in result.outcome.rejections:
        yield f"  not counted  {rejection}"
    for waiver in dict.fromkeys(waiver for signature in result.outcome.signatures for waiver in waivers_of(signature)):
        yield f"  not checked  {waiver}"


def name_signer(signature: VerifiedSignature) -> str:
    """Write who signed for a person."""
    certificate = signature.proof.certificate if signature.proof is not None else None
    if certificate is None:
        return f"{signature.key.algorithm.key} key {signature.key.fingerprint}"
    return f"{', '.join(certificate.identity.names)}, says {certificate.identity.issuer}"


def waivers_of(signature: VerifiedSignature) -> Iterator[str]:
    """Write what was not asked for."""
    if signature.proof is not None:
        yield from waivers(signature.proof)
    elif signature.log is not None:
        yield f"transparency log ({signature.log.waived_because})"


def _signature_lines(signature: VerifiedSignature) -> Iterator[str]:
    yield f"    found in   {signature.location}"
    if signature.envelope is not None and signature.claim.type != COSIGN_SIGN_V1:
        yield f"      attests  {signature.claim.type}"
        for subject in other_subjects(signature.attested_subjects, {str(signature.digest)}):
            yield f"      also of  {subject}"
    if signature.proof is not None:
        yield from (f"      {line}" for line in proof_lines(signature.proof))
    if signature.claim.docker_reference:
        yield f"      names    {signature.claim.docker_reference}"
    for name, content in sorted(signature.claim.annotations.items()):
        yield f"      says     {name}={content}"


def evidence(
    results: Sequence[ImageResult], policy: ImagePolicy, code: int, conditions: Sequence[JsonValue] = ()
) -> dict[str, JsonValue]:
    """Return the evidence document (docs/formats/evidence.md)."""
    return {
        **head_to_json(EVIDENCE_SCHEMA, code),
        "policy": image_policy_to_json(policy) | conditions_to_json(conditions),
        "images": [_image_to_json(result) for result in results],
    }


def _image_to_json(result: ImageResult) -> dict[str, JsonValue]:
    outcome = result.outcome
    found: dict[str, JsonValue] = {
        "image": result.name,
        "digest": str(result.digest) if result.digest else None,
        "verified": not isinstance(outcome, CosignError),
    } | ({"usedAt": list(result.used_at)} if result.used_at else {})
    if isinstance(outcome, CosignError):
        rejections = outcome.rejections if isinstance(outcome, NoMatchingSignatures) else ()
        found |= {"signatures": [], "error": error_to_json(outcome)}
    else:
        rejections = outcome.rejections
        found["signatures"] = [signature_to_json(signature) for signature in outcome.signatures]
    return found | {"rejections": [rejection_to_json(rejection) for rejection in rejections]}


def cosign_payloads(result: ImageResult) -> Iterator[JsonValue]:
    """Return what `cosign verify` prints for this image: the payload of each signature that passed.

    For bundles cosign fills `docker-reference` with what the user typed, which nobody signed.
    """
    if isinstance(result.outcome, CosignError):
        return
    for signature in result.outcome.signatures:
        claim = signature.claim
        legacy = claim.format is SignatureFormat.LEGACY
        yield {
            "critical": {
                "identity": {"docker-reference": claim.docker_reference if legacy else result.name},
                "image": {"docker-manifest-digest": str(signature.digest)},
                "type": claim.type,
            },
            "optional": dict(claim.annotations) or ({} if not legacy else None),
        }
