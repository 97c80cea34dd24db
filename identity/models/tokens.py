"""What signs access tokens, and what is mailed or handed out to be used once."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from identity.models.sessions import Session
from platform_core import clock
from platform_core.encryption import EncryptedTextField
from platform_core.models import Row


class SigningKeyQuerySet(models.QuerySet["SigningKey"]):
    """Which keys."""

    def verifying(self) -> "SigningKeyQuerySet":
        """The one that signs, and those before it while tokens under them may live."""
        return self.filter(Q(retires_at=None) | Q(retires_at__gt=clock.wall()))


class SigningKey(Row):
    """A key pair for access tokens (ES256). One signs; those before it verify until they retire."""

    # Empty once it signs no more: what is not there cannot be stolen.
    private_key = EncryptedTextField(blank=True)
    public_key = models.TextField()
    is_signing = models.BooleanField(default=True)
    retires_at = models.DateTimeField(null=True, blank=True)

    objects = SigningKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_signing"], condition=Q(is_signing=True), name="signing_key_one_signs"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class PasswordLinkQuerySet(models.QuerySet["PasswordLink"]):
    """Which links."""

    def usable(self) -> "PasswordLinkQuerySet":
        """Those that were not used, are not too old, and belong to somebody who may sign in."""
        return self.filter(used_at=None, expires_at__gt=clock.wall(), user__status="active")


class PasswordLink(Row):
    """A mailed link by which a person without a password sets one, once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="password_links")
    token_digest = models.CharField(max_length=100, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = PasswordLinkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.user_id} until {self.expires_at:%Y-%m-%d %H:%M}"


class ExchangeToken(Row):
    """What a signed-in program gives a browser, which trades it once for cookies of its own."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="exchange_tokens")
    token_digest = models.CharField(max_length=100, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.session_id} until {self.expires_at:%Y-%m-%d %H:%M}"
