"""The servers as a plain installation has them: without the packages of the extra `server`."""

import subprocess
import sys
from typing import Final

import pytest

WITHOUT: Final = """
import sys
from cosignpy.serving.extra import PACKAGES
for name in PACKAGES:
    sys.modules[name] = None
from runpy import run_module
sys.argv[1:] = ["--help"]
run_module("{}", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("module", ["log_server", "ca_server", "cosignpy.stack.devidp"])
def test_a_server_names_the_extra_it_needs(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(module)], capture_output=True, text=True, check=False, timeout=60
    )
    error, hint = done.stderr.splitlines()
    assert (done.returncode, error.endswith("packages are not installed")) == (2, True)
    assert hint == "hint: pip install 'cosignpy[server]'"
