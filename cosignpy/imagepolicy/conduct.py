"""Where the policy controller's verdicts are others than ours: each difference is a switch that a policy carries.

Ours are the defaults. The reader that reads as Go does sets what its caller wants; nothing else knows who wrote a
policy, or for whom.
"""

from typing import Final

from cosignpy.values import value


@value
class Conduct:
    """How a policy is decided by.

    Attributes:
        either_form: Legacy signatures and bundles count for every authority; else those of its `signatureFormat`, and
            signatures of images in bundles do not count at all.
        bundles_with_keys: Authorities with keys take bundles, which they take beside legacy signatures; else a key
            with `signatureFormat: bundle` is a mistake.
        all_hashes: Legacy signatures count with every hash that goes with the key; else with that of `hashAlgorithm`,
            and Ed25519 without one.
        older_types: The name of a predicate type stands for older URIs of it too.
        own_authorities: The certificates of `ca-cert` count; else nobody has any who can name them.
        rego_1: Rego of version 1 is read without `import rego.v1` too, and CUE has to demand something.
        absent_refused: What is not at hand is a mistake of the policy: keys, texts, trust roots. A condition about a
            workload does not hold without one. Else an authority fails that needs it, and a text is empty.
    """

    either_form: bool = True
    bundles_with_keys: bool = True
    all_hashes: bool = True
    older_types: bool = True
    own_authorities: bool = True
    rego_1: bool = True
    absent_refused: bool = True


OURS: Final = Conduct()
POLICY_CONTROLLER: Final = Conduct(
    either_form=False,
    bundles_with_keys=False,
    all_hashes=False,
    older_types=False,
    own_authorities=False,
    rego_1=False,
    absent_refused=False,
)
"""As policy-controller 0.13.1 decides."""
