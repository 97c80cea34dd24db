"""What a person proves a second time with: an authenticator app, passkeys. Recovery codes are on the person's row."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from platform_core import clock
from platform_core.encryption import EncryptedTextField
from platform_core.models import Row


class TotpDevice(Row):
    """An authenticator app (RFC 6238). At most one counts for a person, and one more may wait to be confirmed."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="totp_devices")
    secret = EncryptedTextField()
    # Of the secret: one that nobody confirmed for long is no longer offered.
    set_up_at = models.DateTimeField(default=clock.wall)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # The time step of the last code that was accepted: neither it nor an earlier one is accepted again.
    last_step = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "authenticator app"
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(confirmed_at__isnull=False), name="totp_device_one_counts"
            ),
            models.UniqueConstraint(fields=["user"], condition=Q(confirmed_at=None), name="totp_device_one_waits"),
        ]

    def __str__(self) -> str:
        return f"authenticator app of {self.user_id}"


class Passkey(Row):
    """A WebAuthn credential that verifies its holder: alone it is both factors."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(max_length=80)
    # Its public half as base64url: the id by which a browser names it, and id and public key as WebAuthn writes them.
    credential_id = models.CharField(max_length=1400, unique=True)
    credential = models.TextField()
    # Counts the uses, where the authenticator counts at all. One that falls back was copied.
    sign_count = models.PositiveBigIntegerField(default=0)
    is_backed_up = models.BooleanField(default=False)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class PasskeyChallenge(Row):
    """A question put to a passkey, bound to what the answer is for. It can be answered once, for five minutes."""

    class Purpose(models.TextChoices):
        REGISTER = "register"
        SIGN_IN = "sign-in"
        SECOND_FACTOR = "second-factor"
        STEP_UP = "step-up"

    purpose = models.CharField(max_length=13, choices=Purpose)
    # Whose passkey must answer; anybody's when they sign in by it.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    challenge = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.purpose} until {self.expires_at:%H:%M:%S}"
