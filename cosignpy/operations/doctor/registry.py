"""Whether a registry can be used, and which way signatures are stored there."""

from collections.abc import Iterator
from typing import Final

from cosignpy.errors import AccessDenied, NoSuchTag
from cosignpy.operations.doctor.facts import Facts
from cosignpy.operations.doctor.findings import Check, Finding, ok, problem, warning

NOT_ASKED: Final = ok("registry-not-asked")
ANSWERS: Final = ok("registry-answers")
REFERRERS: Final = ok("registry-referrers-api")
FALLBACK: Final = ok("registry-without-referrers-api")
IMAGE: Final = ok("image-found")
DENIED: Final = problem("registry-denies", "cosignpy login, or ask for the right to read there")
FAILED: Final = problem(
    "registry-fails", "check its name; --registry-cacert and --allow-http-registry are for those with TLS of their own"
)
NO_IMAGE: Final = warning("image-missing", "check the tag or digest; nothing can be verified where nothing is")


def check_registry(facts: Facts) -> Iterator[Finding]:
    """Look at the registry that was named."""
    found = facts.registry
    if found is None:
        yield NOT_ASKED("offline: no registry is asked" if facts.offline else "name an image or a registry to ask it")
        return
    if found.error is not None:
        yield (DENIED if isinstance(found.error, AccessDenied) else FAILED)(str(found.error))
        return
    yield ANSWERS(f"{found.name} answers{f', shown {found.shown}' if found.shown else ''}")
    if found.has_referrers is not None:
        text = f"{found.name} {'has' if found.has_referrers else 'has no'} referrers API"
        yield REFERRERS(text) if found.has_referrers else FALLBACK(f"{text}: a tag lists what refers to an image")
    if found.image_error is None:
        if found.image:
            yield IMAGE(f"{found.image} is there")
    else:
        kind = NO_IMAGE if isinstance(found.image_error, NoSuchTag) else FAILED
        yield (DENIED if isinstance(found.image_error, AccessDenied) else kind)(str(found.image_error))


REGISTRY: Final = Check(
    "registry",
    "Registry",
    (NOT_ASKED, ANSWERS, REFERRERS, FALLBACK, IMAGE, DENIED, FAILED, NO_IMAGE),
    check_registry,
)
