"""Runs another program that may take so much and no more: a script of its own, started by `cue.py`.

Limits are those of the process, so that they hold for the program that takes its place.
"""

import os
import resource
import sys


def main(limits: tuple[int, int, int], command: list[str]) -> None:
    """Set limits of seconds, of bytes of memory and of bytes of a file, and become the program."""
    kinds = (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)
    for kind, most in zip(kinds, (*limits, 0), strict=True):
        resource.setrlimit(kind, (most, most))
    os.execv(command[0], command)  # noqa: S606 # the program that was asked for, without a shell


if __name__ == "__main__":
    main((int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])), sys.argv[4:])
