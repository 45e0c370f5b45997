import pytest

from cosignpy.net.redaction import redact_headers, redact_text, redact_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a/v2/", "https://a/v2/"),
        ("https://user:secret@a/v2/", "https://a/v2/"),
        ("https://u:p@ss:secret@a/v2/", "https://a/v2/"),
        ("https://a/x?digest=sha256:1&n=10", "https://a/x?digest=sha256:1&n=10"),
        ("https://a/x?X-Amz-Signature=secret&n=1", "https://a/x?X-Amz-Signature=REDACTED&n=1"),
        ("https://a/x?_state=secret&digest=sha256:1", "https://a/x?_state=REDACTED&digest=sha256:1"),
        ("https://a/x?token=secret#secret", "https://a/x?token=REDACTED"),
        ("https://a/x?flag", "https://a/x?flag"),
        ("/v2/a@sha256:1", "/v2/a@sha256:1"),
    ],
)
def test_urls_are_shown_without_secrets(url: str, shown: str) -> None:
    assert redact_url(url) == shown


def test_headers_are_shown_without_secrets() -> None:
    fields = [("Authorization", "Basic c2VjcmV0"), ("set-cookie", "secret"), ("Location", "/x?sig=secret"), ("A", "b")]
    assert redact_headers(fields) == {
        "Authorization": "REDACTED", "set-cookie": "REDACTED", "Location": "/x?sig=REDACTED", "A": "b",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "bad Authorization: Bearer secret.secret",
        "Basic secretsecret was refused",
        'answer {"access_token": "secret"}',
        "refresh_token=secret&x=1",
        "see https://user:secret@a/ for more",
        "see https://a/?signature=secret for more",
        "password: secret",
    ],
)
def test_texts_are_shown_without_secrets(text: str) -> None:
    assert "secret" not in redact_text(text)


def test_a_text_becomes_one_line_of_bounded_length() -> None:
    shown = redact_text("denied:\r\n\x1b[31mno\x00 ä " + "x" * 1000)
    assert shown.startswith("denied: [31mno ")
    assert len(shown) == 300
    assert shown.isascii()
    assert shown.isprintable()
