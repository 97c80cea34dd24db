"""Ids as Stripe forms them: a prefix that names the kind, and random letters and digits."""

import secrets
import string

ALPHABET = string.ascii_letters + string.digits


def new(prefix: str, length: int = 24) -> str:
    """A fresh id."""
    # Asked of the system at once, not sign by sign.
    number, signs = secrets.randbelow(len(ALPHABET) ** length), []
    for _ in range(length):
        number, sign = divmod(number, len(ALPHABET))
        signs.append(ALPHABET[sign])
    return f"{prefix}_{''.join(signs)}"
