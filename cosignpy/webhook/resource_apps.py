"""The apps for resources of ours: what is filled in, what is refused, and how versions become each other.

All of it is computed in threads: a policy or a trust root can be large, and pods wait for nobody's.
"""

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from cosignpy.serving.asgi import BodyLimits, answer
from cosignpy.serving.problem import answer_problem
from cosignpy.webhook.app import JSON, Draining, Reviews, problem_for, read_json
from cosignpy.webhook.handle import Handled
from cosignpy.webhook.recording import Record, Webhook
from cosignpy.webhook.request import AdmissionRequest
from cosignpy.webhook.resources.conversion import convert_resources
from cosignpy.webhook.resources.defaulting import default_resource
from cosignpy.webhook.resources.validating import ResourceRules, validate_resource

DEFAULTING: Final = "/defaulting"
VALIDATING: Final = "/validating"
CONVERSION: Final = "/resource-conversion"
_LIMITS: Final = BodyLimits(32 * 1024 * 1024, seconds=20.0, together=64 * 1024 * 1024)
"""A page of a list has 500 objects, all of which are converted at once."""


class Conversions:
    """`/resource-conversion`: one ConversionReview, one answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one review."""
        try:
            raw = await read_json(scope, receive, _LIMITS)
            converted = await asyncio.to_thread(convert_resources, raw)
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception as error:  # noqa: BLE001 # an answer for every error
            await answer_problem(send, problem_for(error))
            return
        await answer(send, HTTPStatus.OK, converted, JSON)


def build_resource_apps(
    rules: Callable[[], ResourceRules], record: Record, draining: Draining
) -> Mapping[str, ASGIApp]:
    """Build the apps by their paths, which are the policy controller's; `rules` returns those that are in force."""

    async def default(request: AdmissionRequest) -> Handled:
        return Handled(await asyncio.to_thread(default_resource, request))

    async def validate(request: AdmissionRequest) -> Handled:
        return Handled(await asyncio.to_thread(validate_resource, request, rules()))

    return {
        DEFAULTING: Reviews(Webhook.DEFAULTING, default, record, draining),
        VALIDATING: Reviews(Webhook.RESOURCES, validate, record, draining),
        CONVERSION: Conversions(),
    }
