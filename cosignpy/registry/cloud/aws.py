"""Amazon's registries: a password of some hours for whoever the machine, the pod or the environment is in AWS.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
"""

import logging
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Any, Final

import botocore.session  # type: ignore[import-untyped] # without annotations, as all of it
from botocore.config import Config  # type: ignore[import-untyped] # ditto
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError  # type: ignore[import-untyped] # ditto

from cosignpy.core.encoding import decode_b64
from cosignpy.errors import AccessDenied, MalformedError, RemoteError, Unreachable
from cosignpy.net.redaction import redact_text
from cosignpy.registry.cloud.issued import CONNECT_SECONDS, READ_SECONDS, Issued
from cosignpy.registry.credentials import BasicCredential
from cosignpy.registry.options import RegistryOptions

logging.getLogger("botocore").setLevel(logging.INFO)  # below that it writes passwords down

PUBLIC: Final = "public.ecr.aws"
_PUBLIC_REGION: Final = "us-east-1"
"""The one that issues credentials for the public registry."""
_WHAT: Final = "answer of ECR"


def key(registry: str) -> tuple[str, ...]:
    """Return region and kind of endpoint: one password is for all registries of a region."""
    if registry == PUBLIC:
        return ("public",)
    first, _, rest = registry.lower().partition(".dkr")[2][1:].partition(".")
    return (rest.partition(".")[0], first)


def issue(registry: str, _options: RegistryOptions) -> Issued | None:
    """Ask ECR for a password; None where nobody here has credentials for AWS.

    Raises:
        AccessDenied: They are not enough.
        RemoteError: AWS failed.
        MalformedError: The answer has no password in it.
    """
    public, service = registry == PUBLIC, "ecr-public" if registry == PUBLIC else "ecr"
    region = _PUBLIC_REGION if public else key(registry)[0]
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 2, "mode": "standard"},
        use_fips_endpoint=None if public else key(registry)[1].endswith("-fips"),
    )
    try:
        with closing(botocore.session.Session().create_client(service, region_name=region, config=config)) as client:
            answer = client.get_authorization_token()
    except NoCredentialsError:
        return None
    except ClientError as error:
        raise _explain(error, service, region) from error
    except (BotoCoreError, ValueError) as error:
        raise Unreachable(f"AWS ({service})", region, None, redact_text(str(error))) from error
    return _parse(answer)


def _explain(error: ClientError, service: str, region: str) -> RemoteError:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    told = error.response.get("Error", {})
    detail = redact_text(f"{told.get('Code', '')}: {told.get('Message', '')}")
    kind = AccessDenied if status in {400, 401, 403} else RemoteError
    return kind(f"AWS ({service})", region, status, detail)


def _parse(answer: Mapping[str, Any]) -> Issued:
    found = answer.get("authorizationData")
    data = found[0] if isinstance(found, list) and found else found
    if not isinstance(data, dict) or not isinstance(data.get("expiresAt"), datetime):
        raise MalformedError(_WHAT, "no authorization data with an end in it")
    try:
        user, colon, password = decode_b64(str(data.get("authorizationToken", "")), what=_WHAT).decode().partition(":")
    except UnicodeDecodeError as error:
        raise MalformedError(_WHAT, "the password is not text") from error
    if not colon or not password:
        raise MalformedError(_WHAT, "no user and password in it")
    return Issued(BasicCredential(user, password), data["expiresAt"].timestamp())
