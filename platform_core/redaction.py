"""Secrets never reach a log: what looks like one of our credentials, or like a provider's, is blotted out."""

import re
from collections.abc import Iterable

BLOT = "[secret]"

PATTERNS = (
    re.compile(r"\bwhsec_[\w+/=-]{8,}"),
    # Ours: a short prefix and 43 random characters (tokens.new). Looking no further keeps long texts cheap.
    re.compile(r"\b[a-z]{2,12}_(?=[\w-]{0,42}[A-Z])[\w-]{40,}"),
    re.compile(r"\brt_[\w-]{8,}\.[\w-]{8,}"),
    re.compile(r"\b(?:sk|rk|pk)_(?:test|live)_\w{8,}"),
    # A JSON web token; a header's credential; a password within an address.
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]{8,}"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
    # allauth's mailed links.
    re.compile(r"(?<=/confirm-email/)[\w:=-]{8,}"),
    re.compile(r"(?<=/password/reset/key/)[\w-]{8,}"),
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without secrets: those named, and whatever looks like one."""
    for secret in secrets:
        text = text.replace(secret, BLOT)
    for pattern in PATTERNS:
        text = pattern.sub(BLOT, text)
    return text
