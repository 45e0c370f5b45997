"""Google Cloud: the metadata server of a machine, and another service account by impersonation.

Not by the package `id`: it cannot be told where the metadata server is (GCE_METADATA_HOST).
"""

import re
from typing import Final
from urllib.parse import urlencode

from cosignpy.core.encoding import JsonObject, encode_json
from cosignpy.errors import IdentityUnusable
from cosignpy.net.http import Request
from cosignpy.net.url import Url
from cosignpy.services.conversation import Expected
from cosignpy.services.oidc.ambient.place import Place
from cosignpy.services.oidc.claims import MAX_TOKEN

ACCOUNT: Final = "GOOGLE_SERVICE_ACCOUNT_NAME"
METADATA_HOST: Final = "GCE_METADATA_HOST"
PRODUCT_FILE: Final = "/sys/class/dmi/id/product_name"
IMPERSONATION: Final = "https://iamcredentials.googleapis.com"

_METADATA: Final = "metadata.google.internal"
_PRODUCTS: Final = frozenset({"Google", "Google Compute Engine"})
_FLAVOUR: Final = {"Metadata-Flavor": "Google"}
_OURSELVES: Final = "/computeMetadata/v1/instance/service-accounts/default"
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
_ACCOUNT_NAME: Final = re.compile(r"[A-Za-z0-9_.@-]{1,256}")
_MAX_NAME: Final = 256
_SECONDS: Final = 10.0


def is_on_google(place: Place) -> bool:
    """Tell whether an account is named to act as, or the machine is one of Google's."""
    return place.has(ACCOUNT) or place.has(METADATA_HOST) or _read_product(place) in _PRODUCTS


def fetch_from_google(place: Place, audience: str, iam: str = IMPERSONATION) -> str:
    """Ask for a token of this machine's service account, or of the one to act as.

    Raises:
        IdentityUnusable: The account's name is none.
        RemoteError: There was no token.
    """
    account = place.read(ACCOUNT)
    if account:
        return _impersonate(place, account, audience, iam)
    query = urlencode({"audience": audience, "format": "full"})
    return _ask_metadata(place, f"{_OURSELVES}/identity?{query}").decode("utf-8", "replace")


def _impersonate(place: Place, account: str, audience: str, iam: str) -> str:
    if not _ACCOUNT_NAME.fullmatch(account):
        raise IdentityUnusable("Google", f"{ACCOUNT} is not the name of a service account")
    raw = _ask_metadata(place, f"{_OURSELVES}/token?{urlencode({'scopes': _SCOPE})}")
    access = JsonObject.parse(raw, what="Google's access token").text("access_token")
    url = Url.parse(f"{iam}/v1/projects/-/serviceAccounts/{account}:generateIdToken")
    headers = {"Authorization": f"Bearer {access}", "Content-Type": "application/json"}
    talk = place.talk("Google's IAM", _SECONDS, access)
    request = Request("POST", url, headers, encode_json({"audience": audience, "includeEmail": True}))
    answer = talk.ask(request, Expected((200,), MAX_TOKEN, "answer about a token"))
    with talk.understanding(answer):
        return JsonObject.parse(answer.body, what="answer about a token").text("token")


def _ask_metadata(place: Place, target: str) -> bytes:
    host = place.read(METADATA_HOST) or _METADATA
    request = Request("GET", Url.parse(f"http://{host}{target}"), _FLAVOUR)
    return place.talk("Google's metadata server", _SECONDS).ask(request, Expected((200,), MAX_TOKEN, "token")).body


def _read_product(place: Place) -> str:
    try:
        with place.path(PRODUCT_FILE).open("rb") as file:
            return file.read(_MAX_NAME).decode("utf-8", "replace").strip()
    except OSError:
        return ""  # most machines are not Google's, and many hide what they are
