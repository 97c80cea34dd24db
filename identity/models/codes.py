"""Six digits that are mailed, and prove within minutes that somebody reads an address."""

from django.conf import settings
from django.db import models

from platform_core import clock
from platform_core.models import Row

MOST_TRIES = 5


class MailedCodeQuerySet(models.QuerySet["MailedCode"]):
    """Which codes."""

    def usable(self) -> "MailedCodeQuerySet":
        """Those that were not used, are not too old, and were not guessed at too often."""
        return self.filter(used_at=None, expires_at__gt=clock.wall(), tries__lt=MOST_TRIES)


class MailedCode(Row):
    """A code for one person and one purpose. Only its digest is stored; a newer one replaces it."""

    class Purpose(models.TextChoices):
        SIGN_IN = "sign_in"
        CONFIRM = "confirm"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mailed_codes")
    purpose = models.CharField(max_length=10, choices=Purpose)
    email = models.EmailField(max_length=254)
    code_digest = models.CharField(max_length=100)
    tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = MailedCodeQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["user", "purpose"], name="mailed_code_one_for_each_purpose")]

    def __str__(self) -> str:
        return f"{self.purpose} for {self.user_id} until {self.expires_at:%Y-%m-%d %H:%M}"
