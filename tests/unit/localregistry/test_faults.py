import pytest

from cosignpy.errors import UsageError
from cosignpy.localregistry.faults import BodyFault, Faults, Kind, parse_faults
from cosignpy.localregistry.misbehaviour import kind_of


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("no-referrers-api", Faults(no_referrers_api=True)),
        ("no-deletes", Faults(no_deletes=True)),
        ("rate-limit=3", Faults(rate_limit=3)),
        ("server-error=2", Faults(server_errors=2)),
        ("retry-after=0", Faults(retry_after=0)),
        ("status=418", Faults(status=418)),
        ("reset=1", Faults(resets=1)),
        ("truncate", Faults(body=BodyFault.TRUNCATE)),
        ("alter", Faults(body=BodyFault.ALTER)),
        ("stall", Faults(body=BodyFault.STALL)),
        ("endless", Faults(body=BodyFault.ENDLESS)),
        ("trickle=5", Faults(trickle=0.005)),
        ("wrong-digest", Faults(wrong_digest=True)),
        ("latency=50ms", Faults(latency=0.05)),
        ("page-size=2", Faults(page_size=2)),
        ("token-uses=4", Faults(token_uses=4)),
        ("only=blobs,token", Faults(only=frozenset({Kind.BLOBS, Kind.TOKEN}))),
    ],
)
def test_each_switch_sets_its_field(text: str, faults: Faults) -> None:
    assert parse_faults([text]) == faults


def test_switches_add_up() -> None:
    assert parse_faults(["alter", "rate-limit=1"]) == Faults(body=BodyFault.ALTER, rate_limit=1)
    assert parse_faults([]) == Faults()


@pytest.mark.parametrize(
    "text", ["", "tornado", "rate-limit", "rate-limit=x", "rate-limit=-1", "stall=1", "status=99", "only=moon", "only="]
)
def test_other_switches_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_faults([text])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v2/", Kind.PING),
        ("/token", Kind.TOKEN),
        ("/v2/a/b/blobs/sha256:0", Kind.BLOBS),
        ("/v2/a/blobs/uploads/", Kind.UPLOADS),
        ("/v2/a/blobs/uploads/x", Kind.UPLOADS),
        ("/v2/a/manifests/x", Kind.MANIFESTS),
        ("/v2/a/tags/list", Kind.TAGS),
        ("/v2/a/referrers/sha256:0", Kind.REFERRERS),
    ],
)
def test_every_endpoint_has_a_kind(path: str, kind: Kind) -> None:
    assert kind_of(path) is kind
