"""Verifying the images that files name: each once, by flags or by policies, and said of every place."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Protocol

import typer

from cosignpy.cli.deny_flags import DenyFlags
from cosignpy.cli.flags import RegistryFlags
from cosignpy.cli.identity_flags import IdentityFlags
from cosignpy.cli.image_verification import ClaimFlags, SelectionFlags, Wanted, verify_each
from cosignpy.cli.input_files import read_input
from cosignpy.cli.invocation import CURRENT, Output
from cosignpy.cli.own_pki_flags import OwnPkiFlags
from cosignpy.cli.policy_decisions import PolicyRun
from cosignpy.cli.policy_flags import PolicyFlags, SignersFlags
from cosignpy.cli.policy_sources import load_policies
from cosignpy.cli.progress import run_counted
from cosignpy.cli.render.image_policy import PolicyResult, render_decisions
from cosignpy.cli.render.named_images import Verdict, pin_images, print_places
from cosignpy.cli.render.verification import ImageResult, render_verification
from cosignpy.cli.signer_flags import SignerFlags
from cosignpy.cli.trust_source import Once
from cosignpy.cli.wiring_policies import WebSupplies
from cosignpy.core.oci.reference import Reference
from cosignpy.core.policy.image import ImagePolicy
from cosignpy.documents import Place
from cosignpy.errors import LimitExceeded, MalformedError, UsageError
from cosignpy.imagepolicy.inputs.named_image import NamedImage
from cosignpy.imagepolicy.workloads import is_about
from cosignpy.registry.location import parse_location
from cosignpy.values import field, replace, value

MAX_IMAGES: Final = 5000
"""Images that the files of one run name, each counted once."""

_MARK: Final = "\ufeff"
"""What some editors put before the text of a file."""


@value
class NamedFlags(SignersFlags):
    """By which policies in place of keys and identities, and what is printed."""

    policy: Annotated[
        list[str],
        typer.Option(
            "--policy",
            metavar="FILE|DIR|oci://REF",
            show_default=False,
            help="Decide by policies, in place of --key or an identity; repeat for several.",
        ),
    ] = field(default_factory=list)
    pin: Annotated[
        bool, typer.Option("--pin", help="Print the file with the verified digest behind every image, if all verify.")
    ] = False


@value
class GivenFlags:
    """All that a command was given about who has to have signed."""

    who: SignerFlags
    identity: IdentityFlags
    deny: DenyFlags
    what: ClaimFlags
    which: SelectionFlags
    registry: RegistryFlags
    pki: OwnPkiFlags
    certificate: str
    named: NamedFlags

    def verifier(self) -> "Verifier":
        """Return what verifies: policies where they are given, else what the flags say.

        Raises:
            UsageError: Policies and flags that say who has to have signed, or neither.
            CosignError: A key, certificate or policy cannot be read.
        """
        if self.which.local_image:
            raise UsageError("--local-image is about a directory, and files name images in registries", "leave it out")
        if self.named.policy:
            return self._by_policies()
        if self.named.policy_signers:
            raise UsageError("--policy-signers, and no --policy", "name --policy oci://...")
        self.pki.check(self.who, self.certificate)
        policy = self.what.policy(self.who, self.identity, self.deny)
        trust, beside = Once(self.pki.trust(self.who)), self.pki.beside(self.certificate)
        return ByFlags(policy, Wanted(policy, trust, self.which, beside), self.registry)

    def _by_policies(self) -> "Verifier":
        who = replace(SignerFlags(), trusted_root=self.who.trusted_root, offline=self.who.offline)
        which = replace(SelectionFlags(), max_workers=self.which.max_workers)
        given = (self.who, self.identity, self.deny, self.what, self.which, self.pki, self.certificate)
        if given != (who, IdentityFlags(), DenyFlags(), ClaimFlags(), which, OwnPkiFlags(), ""):
            hint = "leave out --policy, or the flags about keys, identities, claims and platforms"
            raise UsageError("--policy says who has to have signed, and other flags do as well", hint)
        if CURRENT.output not in {Output.TEXT, Output.JSON}:
            raise UsageError(f"--output {CURRENT.output} says nothing of policies", "take text or json")
        trust = Once(self.who.trust)
        policies = load_policies(PolicyFlags(self.named.policy, self.named.policy_signers), self.registry, trust)
        workers, supplies = self.which.max_workers, WebSupplies(self.who.offline)
        return ByPolicies(PolicyRun(policies, trust, self.registry, workers, datetime.now(UTC), supplies=supplies))


class Verifier(Protocol):
    """Verifies images, and prints what became of them."""

    def verify(self, images: Sequence[NamedImage]) -> list[Verdict]:
        """Verify all that is the same once."""
        ...

    def render(self, verdicts: Sequence[Verdict]) -> int:
        """Print the results in the form asked for, and return the exit code."""
        ...


@value
class ByFlags:
    """What `verify` does."""

    policy: ImagePolicy
    wanted: Wanted
    registry: RegistryFlags

    def verify(self, images: Sequence[NamedImage]) -> list[Verdict]:
        """Verify each name once."""
        groups = _group(images, lambda image: image.name)
        found = verify_each([_open_name(group[0].name) for group in groups], self.wanted, self.registry)
        return [Verdict(group, tuple(results)) for group, results in zip(groups, found, strict=True)]

    def render(self, verdicts: Sequence[Verdict]) -> int:
        """Print what `verify` prints."""
        found = [result for verdict in verdicts for result in verdict.placed_results()]
        return render_verification([each for each in found if isinstance(each, ImageResult)], self.policy)


@value
class ByPolicies:
    """What `policy verify` does, for the workloads that run the images."""

    run: PolicyRun

    def verify(self, images: Sequence[NamedImage]) -> list[Verdict]:
        """Decide over each name once, and again where other policies are about who runs it."""
        policies = self.run.policies
        groups = _group(images, lambda image: (image.name, *(is_about(each, image.workload) for each in policies)))

        def decide(group: tuple[NamedImage, ...]) -> PolicyResult:
            return self.run.verify(_open_name(group[0].name), group[0].workload)

        found = run_counted("verifying", decide, groups, self.run.workers)
        return [Verdict(group, (outcome.unwrap(),)) for group, outcome in zip(groups, found, strict=True)]

    def render(self, verdicts: Sequence[Verdict]) -> int:
        """Print what `policy verify` prints."""
        found = [result for verdict in verdicts for result in verdict.placed_results()]
        return render_decisions([each for each in found if isinstance(each, PolicyResult)], self.run.moment)


def check_pin(files: Sequence[str], given: GivenFlags) -> None:
    """Refuse `--pin` where it cannot mean one file with one digest for each image.

    Raises:
        UsageError: It cannot.
    """
    if len(files) != 1 or CURRENT.output is not Output.TEXT or given.which.recursive:
        raise UsageError("--pin prints one file, and nothing else", "one FILE, without --output and --recursive")


def read_text(file: str, most: int) -> str:
    """Read a text, or standard input (`-`).

    Raises:
        FileError: It cannot be read.
        LimitExceeded: It is too large.
        DocumentError: It is no text.
    """
    raw = read_input(file, most)
    try:
        return raw.decode("utf-8").removeprefix(_MARK)
    except UnicodeDecodeError as error:
        raise Place(file, raw.count(b"\n", 0, error.start) + 1).error("not UTF-8") from error


def verify_named(images: Sequence[NamedImage], verifier: Verifier, text: str | None = None) -> int:
    """Verify the images of files, and print the results, or the text with all of them pinned; return the exit code.

    Raises:
        DocumentError: A name is that of no image, or cannot be pinned.
        LimitExceeded: There are too many.
    """
    _check_names(images)
    verdicts = verifier.verify(images)
    if text is not None and all(verdict.is_good for verdict in verdicts):
        CURRENT.write(pin_images(text, verdicts).encode())
        return 0
    CURRENT.withheld = text is not None
    code = verifier.render(verdicts)
    if CURRENT.output is Output.TEXT:
        print_places(images, verdicts)
    return code


def _check_names(images: Sequence[NamedImage]) -> None:
    if len({image.name for image in images}) > MAX_IMAGES:
        raise LimitExceeded("images", f"more than {MAX_IMAGES} are named")
    for image in images:
        try:
            Reference.parse(image.name)
        except MalformedError as error:
            raise image.place.error(f"no image: {error.why}") from error


def _open_name(name: str) -> str:
    """Return a name that means a registry, although it begins like one for something of this machine."""
    return name if isinstance(parse_location(name), Reference) else str(Reference.parse(name))


def _group(images: Iterable[NamedImage], key: Callable[[NamedImage], Hashable]) -> list[tuple[NamedImage, ...]]:
    """Put together what is the same, in the order of the files."""
    found: dict[Hashable, list[NamedImage]] = {}
    for image in images:
        found.setdefault(key(image), []).append(image)
    return [tuple(group) for group in found.values()]
