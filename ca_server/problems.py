"""What clients are told of the authority's own errors."""

from typing import Final

from ca_server.issuance.refusals import UNFORESEEN, problem_of_refusal, refusal_of
from cosignpy.errors import CosignError
from cosignpy.serving.problem import Problem, problem_of
from cosignpy.serving.routing import Manner
from cosignpy.serving.rpc_status import rpc_status


def translate(error: Exception) -> Problem:
    """Return what to tell the client of an error: of why nothing is issued, one of a few sentences."""
    if isinstance(error, CosignError) and refusal_of(error) is not UNFORESEEN:
        return problem_of_refusal(error)
    return problem_of(error)


CA_MANNER: Final = Manner(rpc_status, ((b"access-control-allow-origin", b"*"),), translate)
"""What is issued is public, and there are no cookies: scripts of any page may ask."""
