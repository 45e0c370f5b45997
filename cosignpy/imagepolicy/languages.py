"""What conditions are written in."""

from enum import StrEnum


class Language(StrEnum):
    """What the text of a policy is written in; a ClusterImagePolicy knows nothing of CEL."""

    CUE = "cue"
    REGO = "rego"
    CEL = "cel"
