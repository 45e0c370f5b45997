"""How many images are attested at once: as many as wait for a log, but one where each takes much memory."""

import pytest

from cosignpy.cli.attesting import select_workers
from cosignpy.cli.predicate_flags import Said
from cosignpy.core.predicates import Predicate
from cosignpy.operations.complete_bundle import SigningServices
from cosignpy.operations.parallel import DEFAULT_WORKERS
from tests.support.signing_services import Log

LARGE = (4 << 20) + 1


@pytest.mark.parametrize(("size", "logged", "unlogged"), [(LARGE - 1, 64, DEFAULT_WORKERS), (LARGE, 1, 1)])
def test_large_predicates_are_signed_one_after_the_other(size: int, logged: int, unlogged: int) -> None:
    for content in (Predicate(bytes(size), None), bytes(size)):
        said = Said("x:y", content)
        assert select_workers(said, SigningServices((Log(),))) == logged
        assert select_workers(said, SigningServices()) == unlogged
