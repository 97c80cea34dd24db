"""Ids as Stripe forms them: a prefix that names the kind, and random letters and digits."""

import secrets
import string

ALPHABET = string.ascii_letters + string.digits


def new(prefix: str, length: int = 24) -> str:
    """A fresh id."""
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"
