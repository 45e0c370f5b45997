"""Credentials, identities, keys and variables: what is said of what this machine has."""

from typing import Any

import pytest

from cosignpy.errors import FileError, IdentityUnusable, UsageError
from cosignpy.operations.doctor.credentials import check_credentials
from cosignpy.operations.doctor.environment import check_environment
from cosignpy.operations.doctor.facts import CredentialFacts, Facts, HelperFacts, IdentityFacts, KeyFile, VariableFacts
from cosignpy.operations.doctor.identity import check_identity, check_keys
from cosignpy.values import replace
from tests.support.trust_repository import NOW

FILE = CredentialFacts("config.json", entries=2, holds_secrets=True)
HELPER = HelperFacts("docker-credential-x", "config.json")
KNOWN = frozenset({"COSIGN_KEY", "COSIGN_PASSWORD", "TUF_ROOT"})


class TestCredentials:
    @staticmethod
    def names(file: CredentialFacts, *helpers: HelperFacts) -> list[str]:
        facts = Facts(NOW, credential_files=(file,), helpers=helpers)
        return [finding.name for finding in check_credentials(facts)]

    def test_a_file_that_only_its_owner_reads(self) -> None:
        (found,) = check_credentials(Facts(NOW, credential_files=(FILE,)))
        assert (found.name, found.text) == ("credentials-read", "config.json: 2 registries")
        (found,) = check_credentials(Facts(NOW, credential_files=(replace(FILE, entries=1),)))
        assert found.text == "config.json: 1 registry"

    def test_others_can_read_it(self) -> None:
        read = replace(FILE, readable_by_others=True)
        assert self.names(read) == ["credentials-read", "credentials-readable-by-others"]
        assert self.names(replace(read, holds_secrets=False)) == ["credentials-read"]

    def test_it_cannot_be_read(self) -> None:
        assert self.names(replace(FILE, error=FileError("config.json", "why"))) == ["credentials-unreadable"]

    def test_there_is_none(self) -> None:
        assert [finding.name for finding in check_credentials(Facts(NOW))] == ["credentials-none"]

    @pytest.mark.parametrize(
        ("changes", "wanted"),
        [
            ({}, "helper-answers"),
            ({"is_installed": False}, "helper-missing"),
            ({"is_silent": True, "failure": "did not end"}, "helper-silent"),
            ({"failure": "exit code 1"}, "helper-failed"),
        ],
    )
    def test_helpers(self, changes: dict[str, Any], wanted: str) -> None:
        assert self.names(FILE, replace(HELPER, **changes)) == ["credentials-read", wanted]


class TestIdentity:
    @pytest.mark.parametrize(
        ("facts", "wanted", "text"),
        [
            (IdentityFacts(), "identity-by-sign-in", "no identity token lies ready: somebody has to sign in"),
            (IdentityFacts("GitLab CI"), "identity-ready", "GitLab CI is here, not asked for a token"),
            (
                IdentityFacts("token file", expires=NOW),
                "identity-ready",
                "token file is here, with a token until 2026-06-01 12:00 UTC",
            ),
            (IdentityFacts(advice="give it permissions"), "identity-incomplete", "give it permissions"),
            (
                IdentityFacts(error=IdentityUnusable("token file", "it expired")),
                "identity-unusable",
                "no identity from token file: it expired",
            ),
        ],
    )
    def test_who_could_sign(self, facts: IdentityFacts, wanted: str, text: str) -> None:
        (found,) = check_identity(Facts(NOW, identity=facts))
        assert (found.name, found.text) == (wanted, text)


class TestKeys:
    @pytest.mark.parametrize(
        ("encrypted", "readable", "wanted"),
        [
            (True, False, "key-file-private"),
            (True, True, "key-file-readable"),
            (False, False, "key-file-without-password"),
            (False, True, "key-file-open"),
        ],
    )
    def test_who_can_read_a_key(self, encrypted: bool, readable: bool, wanted: str) -> None:
        _, found = check_keys(Facts(NOW, key_files=(KeyFile("cosign.key", encrypted, readable),)))
        assert found.name == wanted
        assert found.text.startswith("cosign.key ")

    def test_whether_there_is_a_password(self) -> None:
        assert [finding.name for finding in check_keys(Facts(NOW))] == ["password-not-set"]
        assert [finding.name for finding in check_keys(Facts(NOW, has_password=True))] == ["password-set"]


class TestEnvironment:
    @staticmethod
    def told(*present: str, **more: Any) -> list[tuple[str, str]]:
        facts = VariableFacts(present, KNOWN, frozenset({"COSIGN_EXPERIMENTAL"}), **more)
        return [(finding.name, finding.text) for finding in check_environment(Facts(NOW, variables=facts))]

    def test_those_that_are_read_are_named(self) -> None:
        assert self.told("COSIGN_KEY", "PATH", "TUF_ROOT") == [("variables-read", "read: COSIGN_KEY, TUF_ROOT")]
        assert self.told("PATH") == [("variables-read", "none of ours is set")]

    def test_one_that_only_cosign_reads(self) -> None:
        assert [name for name, _ in self.told("COSIGN_EXPERIMENTAL")] == ["variables-read", "variable-ignored"]

    def test_one_that_is_misspelled(self) -> None:
        _, found = self.told("COSIGN_PASWORD")
        assert found == (
            "variable-unknown",
            "COSIGN_PASWORD is set, and is no variable of this program; COSIGN_PASSWORD is",
        )

    def test_one_that_is_like_none(self) -> None:
        _, found = self.told("TUF_QQQQQQQQQQQQQQQQ")
        assert found == ("variable-unknown", "TUF_QQQQQQQQQQQQQQQQ is set, and is no variable of this program")

    def test_those_of_others_are_theirs(self) -> None:
        assert self.told("COSIGNATURE", "GITHUB_TOKEN") == [("variables-read", "none of ours is set")]

    def test_a_proxy_that_is_none(self) -> None:
        found, _ = self.told(proxy_error=UsageError("HTTPS_PROXY: only http:// proxies are supported"))
        assert found == ("proxy-unusable", "HTTPS_PROXY: only http:// proxies are supported")
