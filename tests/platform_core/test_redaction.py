"""What looks like a secret is not printed."""

import re

import pytest

from platform_core import redaction, signing, tokens

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2lnbmF0dXJlLXBhcnQ"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"key {tokens.new('hk')}", "key [secret]"),
        (f"token={tokens.new('rt')},", "token=[secret],"),
        ("cookie rt_bz_8P1Tvygv3kzFYyKeJkQ.eYwDnvSWad8egsvt56s4EpmKkVZEuxJicMPJFAZgMy4;", "cookie [secret];"),
        ("/accounts/confirm-email/Mjk:1xUhkh:2tQ8frSAh8yZcVtVG/", "/accounts/confirm-email/[secret]/"),
        ("/accounts/password/reset/key/3-c8gtw5-0a5a0/", "/accounts/password/reset/key/[secret]/"),
        (signing.new_secret(), "[secret]"),
        (f"whsec_{'A' * 42}+rest=", "[secret]"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "[secret]"),
        ("with sk_test_mainstaysandbox0000000000 set", "with [secret] set"),
        ("rk_live_51Habcdefgh", "[secret]"),
        (f"cookie {JWT}", "cookie [secret]"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [secret]"),
        ("postgres://bob:hunter2@db/x", "postgres://[secret]@db/x"),
        ("http://127.0.0.1:8000/health at 12:30@noon", "http://127.0.0.1:8000/health at 12:30@noon"),
        ("run push_config_to_the_server_that_was_reserved_for_it", None),
        ("order 01936f5e-0000-7000-8000-000000000000 fulfilled", None),
    ],
    # Not the texts: some are random, and every worker must name the tests alike.
    ids=map(str, range(16)),
)
def test_redact(text: str, expected: str | None) -> None:
    assert redaction.redact(text) == (expected if expected is not None else text)


def test_named_secrets() -> None:
    assert redaction.redact("the horse is correct", ["horse"]) == "the [secret] is correct"


LOOKAHEAD = re.compile(r"\(\?=((?:[^()\\]|\\.)*)\)")
CLASS = re.compile(r"\[[^]]*\]")


@pytest.mark.parametrize("pattern", redaction.PATTERNS, ids=lambda each: each.pattern)
def test_no_pattern_looks_ahead_without_an_end(pattern: re.Pattern[str]) -> None:
    """At each of many beginnings it would look through all of the rest."""
    ahead = [CLASS.sub("x", found) for found in LOOKAHEAD.findall(pattern.pattern)]

    assert [found for found in ahead if "*" in found or "+" in found or ",}" in found] == []


def test_a_long_text_without_secrets_stays() -> None:
    text = "-".join(["ab_" + "a" * 39] * 20_000)

    assert redaction.redact(text) == text
