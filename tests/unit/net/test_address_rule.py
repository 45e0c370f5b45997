"""Which addresses may be spoken to where somebody else names the server."""

import pytest

from cosignpy.net.address_rule import AddressRule, LocalAddresses, PrivateAddresses
from cosignpy.net.failures import RefusedAddress
from cosignpy.net.url import Url

STRICT = AddressRule()
OPEN = AddressRule(LocalAddresses.ALLOWED, PrivateAddresses.ALLOWED)
INTERNET = AddressRule(private=PrivateAddresses.REFUSED)

LINK_LOCAL = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.0.1",
    "169.254.255.255",
    "fe80::1",
    "fe80::a9fe:a9fe%eth0",
    "febf::1",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::1",
]
NO_SERVER = ["224.0.0.1", "ff02::1", "255.255.255.255", "240.0.0.1", "::ffff:224.0.0.1", "100::1"]
LOCAL = ["127.0.0.1", "127.8.8.8", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::127.0.0.1"]
PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.201",
    "fd12::1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
]
PUBLIC = [
    "8.8.8.8",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
    "169.253.255.255",
    "169.255.0.0",
    "168.63.129.17",
    "172.15.0.1",
    "126.255.255.255",
    "128.0.0.0",
]


def refuses(rule: AddressRule, address: str) -> bool:
    try:
        rule.check_address(address)
    except RefusedAddress:
        return True
    return False


def test_a_refusal_names_the_address_and_why() -> None:
    with pytest.raises(RefusedAddress) as caught:
        STRICT.check_address("169.254.169.254")
    assert "169.254.169.254" in str(caught.value)
    assert "link-local" in str(caught.value)


@pytest.mark.parametrize("address", [*LINK_LOCAL, *NO_SERVER])
@pytest.mark.parametrize("rule", [STRICT, OPEN, INTERNET], ids=["strict", "open", "internet"])
def test_link_local_addresses_and_those_of_metadata_are_refused_always(rule: AddressRule, address: str) -> None:
    assert refuses(rule, address)


@pytest.mark.parametrize("address", LOCAL)
def test_this_machine_is_refused_unless_it_is_allowed(address: str) -> None:
    assert [refuses(rule, address) for rule in (STRICT, OPEN)] == [True, False]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_networks_are_allowed_unless_they_are_refused(address: str) -> None:
    assert [refuses(rule, address) for rule in (STRICT, INTERNET)] == [False, True]


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_is_allowed(address: str) -> None:
    assert not refuses(INTERNET, address)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "127.0.0.1",
        "2852039166",
        "0xa9fea9fe",
        "0xA9.0xFE.0xA9.0xFE",
        "0251.0376.0251.0376",
        "169.16689662",
        "127.1",
        "0",
    ],
)
def test_a_host_that_is_an_address_is_judged_before_anything_is_sent(host: str) -> None:
    with pytest.raises(RefusedAddress):
        STRICT.check_origin(Url.parse(f"https://{host}/v2/").origin)


@pytest.mark.parametrize("host", ["registry.example", "1password.example", "10.0.0.1", "[fd12::1]", "0x.example"])
def test_other_hosts_are_judged_by_what_they_resolve_to(host: str) -> None:
    STRICT.check_origin(Url.parse(f"https://{host}:5000/v2/").origin)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://registry.example/", True),
        ("http://Registry.Example/", True),
        ("http://registry.example:80/", True),
        ("http://registry.example:5000/", False),
        ("http://other.example:5000/", True),
        ("http://other.example/", False),
        ("http://sub.registry.example/", False),
        ("http://[fd12::1]:5000/", True),
        ("https://anybody.example/", True),
    ],
)
def test_plain_http_is_for_those_that_are_named(url: str, allowed: bool) -> None:
    rule = AddressRule(plain_http=frozenset({"registry.example", "Other.example:5000", "[fd12::1]:5000"}))
    if allowed:
        rule.check_origin(Url.parse(url).origin)
    else:
        with pytest.raises(RefusedAddress) as caught:
            rule.check_origin(Url.parse(url).origin)
        assert "plain HTTP" in str(caught.value)
