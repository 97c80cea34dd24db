"""Mailed codes: eight digits that prove, within minutes and few tries, that a person reads their address."""

import hmac
import secrets
from datetime import timedelta

from django.db.models import F

from identity.models import MailedCode, User
from platform_core import clock, returning, tokens

LIFE = timedelta(minutes=15)
DIGITS = 8
# A person has one for each purpose; of the one before nothing is left.
ONE = ("user", "purpose")
REPLACED = ("email", "code_digest", "tries", "used_at", "expires_at")


def new(user: User, purpose: str, email: str) -> str:
    """A fresh code, which replaces the one before. Mail it; only its digest is stored."""
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    fresh = MailedCode(
        user=user,
        purpose=purpose,
        email=email,
        code_digest=tokens.digest(_salted(user, purpose, code)),
        expires_at=clock.wall() + LIFE,
    )
    MailedCode.objects.bulk_create([fresh], update_conflicts=True, unique_fields=ONE, update_fields=REPLACED)
    return code


def shown(code: str) -> str:
    """As people read it: 4821 9047."""
    return f"{code[:4]} {code[4:]}"


def spend(user: User, purpose: str, given: str) -> MailedCode | None:
    """Try a code: the row if it was the right one, which it is once. Every try counts, before it is looked at."""
    usable = MailedCode.objects.usable().filter(user=user, purpose=purpose)
    tried = returning.update(usable, "id", "email", "code_digest", tries=F("tries") + 1)
    if not tried:
        return None
    pk, email, code_digest = tried[0]
    code = MailedCode(pk=pk, user=user, purpose=purpose, email=email, code_digest=code_digest)
    digits = "".join(given.replace("-", " ").split())
    right = [digest for digest in tokens.digests(_salted(user, purpose, digits)) if _same(digest, code.code_digest)]
    if not right or not _use(code):
        return None
    return code


def _use(code: MailedCode) -> bool:
    """Mark the code as used; False where another was quicker."""
    same = MailedCode.objects.filter(pk=code.pk, code_digest=code.code_digest, used_at=None)
    return bool(same.update(used_at=clock.wall()))


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _salted(user: User, purpose: str, code: str) -> str:
    """Two people's equal codes look different where they are stored."""
    return f"{user.pk}:{purpose}:{code}"
