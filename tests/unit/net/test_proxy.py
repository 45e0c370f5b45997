import pytest

from cosignpy.errors import UsageError
from cosignpy.net.proxy import Proxies, ProxyServer
from cosignpy.net.url import Origin, Url


def selected(url: str, **environment: str) -> str | None:
    proxy = Proxies.from_environment(environment).select(Url.parse(url).origin)
    return str(proxy.origin) if proxy else None


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "https://a.example/", None),
        ({"HTTPS_PROXY": "http://p:3128"}, "https://a.example/", "http://p:3128"),
        ({"HTTPS_PROXY": "p:3128"}, "https://a.example/", "http://p:3128"),
        ({"HTTPS_PROXY": "HTTP://p"}, "https://a.example/", "http://p"),
        ({"HTTPS_PROXY": "http://p:3128"}, "http://a.example/", None),
        ({"HTTP_PROXY": "http://p:3128"}, "http://a.example/", "http://p:3128"),
        ({"ALL_PROXY": "http://p:3128"}, "http://a.example/", "http://p:3128"),
        ({"http_proxy": "http://low:1", "HTTP_PROXY": "http://up:1"}, "http://a.example/", "http://low:1"),
        ({"https_proxy": "", "HTTPS_PROXY": "http://up:1"}, "https://a.example/", "http://up:1"),
        ({"HTTP_PROXY": "http://p:1"}, "http://localhost:5000/", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://127.0.0.1/", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://[::1]:5000/", None),
    ],
)
def test_which_proxy_is_used(environment: dict[str, str], url: str, proxy: str | None) -> None:
    assert selected(url, **environment) == proxy


@pytest.mark.parametrize(
    ("rules", "host", "exempt"),
    [
        ("*", "a.example", True),
        ("example", "a.example", True),
        (".example", "a.example", True),
        ("*.example", "a.example", True),
        ("a.example", "a.example", True),
        ("A.EXAMPLE", "a.example", True),
        ("ample", "a.example", False),
        ("b.example", "a.example", False),
        ("b.example, a.example", "a.example", True),
        ("a.example:443", "a.example", True),
        ("a.example:444", "a.example", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.1/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.0/8", "a.example", False),
        ("nonsense/8", "10.1.2.3", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("fd00::/8", "fd00::1", True),
        ("fd00::1", "fd00::1", True),
        ("[fd00::1]:443", "fd00::1", True),
        ("", "a.example", False),
    ],
)
def test_which_hosts_are_exempt(rules: str, host: str, exempt: bool) -> None:
    proxies = Proxies.from_environment({"HTTPS_PROXY": "http://p:1", "NO_PROXY": rules})
    assert (proxies.select(Origin("https", host, 443)) is None) is exempt


@pytest.mark.parametrize(
    "value", ["https://user:secret@p:1", "socks5://user:secret@p:1", "http://user:secret@", "http://user:secret@p:x"]
)
def test_what_is_no_usable_proxy_is_refused_without_its_password(value: str) -> None:
    with pytest.raises(UsageError) as caught:
        Proxies.from_environment({"HTTPS_PROXY": value})
    assert "secret" not in f"{caught.value}"
    assert "HTTPS_PROXY" in caught.value.problem


def test_too_many_exemptions_are_refused() -> None:
    with pytest.raises(UsageError):
        Proxies.from_environment({"NO_PROXY": "a," * 2000})


def test_a_password_is_decoded_and_not_shown() -> None:
    proxy = ProxyServer.parse("http://us%20er:p%40ss@p:1", "HTTP_PROXY")
    assert proxy.authorization == "Basic dXMgZXI6cEBzcw=="
    assert "Basic" not in repr(proxy)
