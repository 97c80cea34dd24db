"""Where people are signed in."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q

from identity.browser_sessions import SessionStore
from platform_core import clock
from platform_core.models import Row

if TYPE_CHECKING:
    from identity.models.pending import StepUp

# The purpose of setting up, replacing and removing second factors.
ENROL = "two_factor.change"
# The purpose of signing in with another address: whoever reads its mail can set another password.
ADDRESS = "account.address"
STEP_UP_LIFE = timedelta(minutes=10)


class SessionQuerySet(models.QuerySet["Session"]):
    """Which sign-ins."""

    def open(self) -> "SessionQuerySet":
        """Those that have not ended and are not too old. Ending all of a person's at once marks each of them too."""
        now = clock.wall()
        return self.filter(revoked_at=None, idle_expires_at__gt=now, absolute_expires_at__gt=now)

    def end(self, reason: str) -> int:
        """End those that have not ended yet; their access tokens and cookies die with them."""
        return self.filter(revoked_at=None).update(revoked_at=clock.wall(), revoked_reason=reason)


class Session(Row):
    """One sign-in of one person, whatever carries it: pages, tokens (their `sid`) or the staff console.

    Its times are the machine's: advancing the sandbox's clock must not sign everybody out.
    """

    class Kind(models.TextChoices):
        PAGES = "pages"
        TOKENS = "tokens"
        CONSOLE = "console"

    created_at = models.DateTimeField(default=clock.wall, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sessions")
    kind = models.CharField(max_length=8, choices=Kind)
    security_version = models.PositiveIntegerField()
    # The organization that access tokens of this sign-in name.
    organization_id = models.UUIDField(null=True, blank=True)
    # How the person proved who they are, in the words of RFC 8176.
    methods = models.JSONField(default=list, blank=True)
    two_factor_at = models.DateTimeField(null=True, blank=True)
    last_seen_at = models.DateTimeField(default=clock.wall)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=256, blank=True)
    idle_expires_at = models.DateTimeField()
    absolute_expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_reason = models.CharField(max_length=40, blank=True)

    # Of tokens only. The public half of the refresh token finds the row, so that one spent long ago is known.
    handle = models.CharField(max_length=32, unique=True, null=True, blank=True)
    token_digest = models.CharField(max_length=100, blank=True)
    # Tokens spent within the grace, each with the salt that leads to its successor.
    spent = models.JSONField(default=list, blank=True)
    rotated_at = models.DateTimeField(null=True, blank=True)

    # Of a member of staff who acts as the person: who, why, and whether they may change anything.
    impersonator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="impersonations"
    )
    reason = models.CharField(max_length=500, blank=True)
    may_write = models.BooleanField(default=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="tokens", handle__isnull=False) | ~Q(kind="tokens") & Q(handle__isnull=True),
                name="session_tokens_have_a_handle",
            ),
            models.CheckConstraint(
                condition=Q(impersonator=None) | ~Q(reason=""), name="session_impersonation_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} since {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_usable(self) -> bool:
        """Not ended, neither itself nor with all the sign-ins of its person, and not too old."""
        return (
            self.revoked_at is None
            and self.user.is_active
            and self.security_version == self.user.security_version
            and not self.is_expired(clock.wall())
            and (self.impersonator is None or (self.impersonator.is_active and self.impersonator.is_staff))
        )

    @property
    def has_two_factor(self) -> bool:
        """Whether a second factor was proved for it: the person's own, or that of the staff who act as them."""
        return self.two_factor_at is not None or self.impersonator_id is not None

    def has_stepped_up(self, purpose: str) -> bool:
        """Whether the person proved just now that it is still they, for this purpose; staff who act as them never do.

        Whoever has just signed in is about to enrol, or has just shown what they have: for that, it counts as proof.
        """
        if self.impersonator_id is not None:
            return False
        if purpose == ENROL and clock.wall() - self.created_at < STEP_UP_LIFE:
            return True
        return self.proofs(purpose).exists()

    def proofs(self, purpose: str) -> "models.QuerySet[StepUp]":
        """What the person proved just now, for this purpose."""
        return self.step_ups.filter(purpose=purpose, expires_at__gt=clock.wall())

    def is_expired(self, now: datetime) -> bool:
        """Unused for too long, or begun too long ago."""
        return now >= min(self.idle_expires_at, self.absolute_expires_at)


class BrowserSession(AbstractBaseSession):
    """What a browser's cookie stands for, beside the sign-in that it carries; the sign-in decides on each request."""

    # Without a constraint: a browser that is about to be told its sign-in was erased must not fail instead.
    sign_in = models.ForeignKey(
        Session, on_delete=models.CASCADE, null=True, blank=True, db_constraint=False, related_name="browsers"
    )

    class Meta(AbstractBaseSession.Meta):
        default_permissions = ()

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        """What reads and writes these rows."""
        return SessionStore
