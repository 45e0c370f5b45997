"""docs/operations/devidp.md, step by step."""

import json
import time
from pathlib import Path
from typing import Final

import jwt

from tests.support.runbook import PAGES, Operator, free_port, steps

PAGE: Final = PAGES / "devidp.md"
PATIENCE_SECONDS: Final = 10.0


def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    operator = Operator(tmp_path / "keys", tmp_path, free_port(), PAGE)
    with operator.serving():
        assert operator.run("token") == ""
        token = (tmp_path / "token").read_text()
        claims = jwt.decode(token, options={"verify_signature": False})
        assert (claims["email"], claims["aud"]) == ("ada@example.com", "sigstore")
        assert claims["iss"] == f"http://127.0.0.1:{operator.port}"
        workflow = jwt.decode(operator.run("workflow"), options={"verify_signature": False})
        assert (workflow["sub"], workflow["run_attempt"]) == ("repo:octo/app:ref:refs/heads/main", 1)
        assert "signs now" in operator.run("rotate")
        until = time.monotonic() + PATIENCE_SECONDS
        while len(keys := json.loads(operator.run("keys"))["keys"]) == 1:
            assert time.monotonic() < until
        assert keys[1]["kid"] == jwt.get_unverified_header(token)["kid"]
    assert set(steps(PAGE)) == {"serve", "token", "workflow", "rotate", "keys", "stop"}
