"""Which registries are a cloud's own: whole names, so that nobody else is shown its credentials."""

import re
import subprocess
import sys
from typing import Final

import pytest

from cosignpy.registry.cloud import sources
from cosignpy.registry.cloud.sources import CloudSource, find_source, hint_for
from cosignpy.registry.options import RegistryOptions

ACCOUNT: Final = "123456789012"
ABSENT: Final = CloudSource("Nimbus", "nimbus", re.compile(r"registry\.nimbus\.example"), "absent.package", ("NIMBUS",))


@pytest.mark.parametrize(
    ("registry", "name"),
    [
        (f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com", "AWS"),
        (f"{ACCOUNT}.DKR.ECR.eu-west-1.amazonaws.com", "AWS"),
        (f"{ACCOUNT}.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "AWS"),
        (f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn", "AWS"),
        (f"{ACCOUNT}.dkr.ecr.eusc-de-east-1.amazonaws.eu", "AWS"),
        (f"{ACCOUNT}.dkr-ecr.eu-west-1.on.aws", "AWS"),
        (f"{ACCOUNT}.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "AWS"),
        (f"{ACCOUNT}.dkr.ecr.us-iso-east-1.c2s.ic.gov", "AWS"),
        (f"{ACCOUNT}.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "AWS"),
        ("public.ecr.aws", "AWS"),
        ("gcr.io", "Google Cloud"),
        ("eu.gcr.io", "Google Cloud"),
        ("europe-west1-docker.pkg.dev", "Google Cloud"),
        ("docker.pkg.dev", "Google Cloud"),
        ("team.azurecr.io", "Azure"),
        ("team-a1b2.azurecr.io", "Azure"),
        ("team.azurecr.cn", "Azure"),
        ("team.azurecr.us", "Azure"),
    ],
)
def test_a_registry_of_a_cloud_is_known(registry: str, name: str) -> None:
    source = find_source(registry)
    assert source is not None
    assert source.name == name


@pytest.mark.parametrize(
    "registry",
    [
        "index.docker.io",
        "registry.example",
        "localhost:5000",
        f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com.evil.example",
        f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com:5000",
        f"evil.{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr.evil.example.amazonaws.com",
        f"{ACCOUNT}.dkr.ecr..amazonaws.com",
        f"{ACCOUNT}.dkr.ecr.-x.amazonaws.com",
        f"{ACCOUNT}xdkr.ecr.eu-west-1.amazonaws.com",
        "12345.dkr.ecr.eu-west-1.amazonaws.com",
        "bucket.s3.amazonaws.com",
        "evil.public.ecr.aws",
        "public.ecr.aws.evil.example",
        "evilgcr.io",
        "gcr.io.evil.example",
        "a.b.gcr.io",
        "gcr.io:5000",
        "pkg.dev",
        "docker.pkg.dev.evil.example",
        "team.azurecr.io.evil.example",
        "azurecr.io",
        "a.b.azurecr.io",
        "teamxazurecr.io",
        "team.azurecr.io\n",
    ],
)
def test_a_name_that_looks_like_one_is_not(registry: str) -> None:
    assert find_source(registry) is None


def test_aws_is_asked_by_region_and_kind_of_endpoint() -> None:
    from cosignpy.registry.cloud import aws

    assert aws.key(f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com") == ("eu-west-1", "ecr")
    assert aws.key(f"{ACCOUNT}.DKR.ECR-FIPS.us-gov-west-1.amazonaws.com") == ("us-gov-west-1", "ecr-fips")
    assert aws.key(f"{ACCOUNT}.dkr-ecr.eu-west-1.on.aws") == ("eu-west-1", "ecr")
    assert aws.key("public.ecr.aws") == ("public",)


def test_a_cloud_whose_sdk_is_not_installed_is_not_asked_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "SOURCES", (ABSENT,))
    source = find_source("registry.nimbus.example")
    assert source is not None
    assert not source.is_installed
    assert not source.is_expected({"NIMBUS": "yes"})
    assert source.fetch(RegistryOptions(), "registry.nimbus.example") is None
    hint = hint_for("registry.nimbus.example") or ""
    assert "cosignpy[nimbus]" in hint
    assert "cosignpy login registry.nimbus.example" in hint


def test_there_is_no_hint_for_registries_of_nobody_and_where_the_sdk_is_there() -> None:
    assert hint_for("registry.example") is None
    assert hint_for("gcr.io") is None


def test_a_cloud_is_expected_where_the_environment_speaks_of_it() -> None:
    source = find_source("gcr.io")
    assert source is not None
    assert source.is_expected({"GOOGLE_APPLICATION_CREDENTIALS": "/file"})
    assert not source.is_expected({"GOOGLE_APPLICATION_CREDENTIALS": ""})
    assert not source.is_expected({"AWS_PROFILE": "x"})


def test_no_sdk_is_imported_for_others() -> None:
    code = (
        "import sys\n"
        "from cosignpy.registry.credential_selection import select_credentials\n"
        "from cosignpy.registry.options import CloudCredentials, RegistryOptions\n"
        "options = RegistryOptions(cloud=CloudCredentials.USED)\n"
        "list(select_credentials(options, 'registry.example', 'x'))\n"
        "print([name for name in ('botocore', 'google.auth', 'azure', 'msal') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
