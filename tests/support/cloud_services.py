"""Services of clouds on ports of this machine: what an SDK asks, and answers of any kind."""

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cosignpy.core.encoding import encode_b64
from tests.support.raw_server import Handler, RawRequest, reply

ROLE = "arn:aws:iam::123456789012:role/webhook"


@dataclass
class Routes:
    """A handler that chooses by the beginning of the target; everything else is not found."""

    routes: Mapping[str, Handler]
    seen: list[RawRequest] = field(default_factory=list)

    def __call__(self, connection: socket.socket, request: RawRequest) -> None:
        self.seen.append(request)
        key = f"{request.method} {request.target}"
        found = [handler for start, handler in self.routes.items() if key.startswith(start)]
        (found[-1] if found else reply(404))(connection, request)


def json_reply(document: object, status: int = 200) -> Handler:
    return reply(status, json.dumps(document).encode(), Content_Type="application/json")


def amazon_json(document: object, status: int = 200) -> Handler:
    return reply(status, json.dumps(document).encode(), Content_Type="application/x-amz-json-1.1")


def ecr_answer(password: str = "ecr password", lifetime: float = 43_200.0, user: str = "AWS") -> Handler:
    """What ECR says: a password and its end."""
    token = encode_b64(f"{user}:{password}".encode())
    ends = datetime.now(UTC).timestamp() + lifetime
    return amazon_json({"authorizationData": [{"authorizationToken": token, "expiresAt": ends}]})


def aws_keys(name: str = "AKIDEXAMPLE") -> Mapping[str, str]:
    """Credentials as the metadata service and the container endpoint have them."""
    end = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "Code": "Success",
        "AccessKeyId": name,
        "SecretAccessKey": "amazon secret",
        "Token": "amazon session",
        "Expiration": end,
        "LastUpdated": "2026-01-01T00:00:00Z",
        "Type": "AWS-HMAC",
    }


def sts_answer(name: str = "AKIDASSUMED") -> Handler:
    """What STS says to AssumeRoleWithWebIdentity."""
    end = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = (
        '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        "<AssumeRoleWithWebIdentityResult><Credentials>"
        f"<AccessKeyId>{name}</AccessKeyId><SecretAccessKey>assumed secret</SecretAccessKey>"
        f"<SessionToken>assumed session</SessionToken><Expiration>{end}</Expiration></Credentials>"
        f"<AssumedRoleUser><Arn>{ROLE}/x</Arn><AssumedRoleId>A:x</AssumedRoleId></AssumedRoleUser>"
        "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    )
    return reply(200, body.encode(), Content_Type="text/xml")


def instance_metadata(keys: Callable[[], Mapping[str, str]] = aws_keys) -> Mapping[str, Handler]:
    """The metadata service of a machine on AWS, version 2."""
    path = "/latest/meta-data/iam/security-credentials/"
    return {
        "PUT /latest/api/token": reply(200, b"imds", X_aws_ec2_metadata_token_ttl_seconds="21600"),
        f"GET {path}": reply(200, b"node-role", Content_Type="text/plain"),
        f"GET {path}node-role": json_reply(keys()),
    }
