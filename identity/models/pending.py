"""What lies between a first proof and what it is for: the second factor at sign-in, the repeated proof after it."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F

from identity.models.sessions import Session
from platform_core import clock
from platform_core.models import Row

if TYPE_CHECKING:
    from uuid import UUID


class PendingSignInQuerySet(models.QuerySet["PendingSignIn"]):
    """Which pending sign-ins."""

    def usable(self) -> "PendingSignInQuerySet":
        """Not completed, not too old, not tried too often, and their person's sign-ins were not ended since."""
        return self.filter(
            completed_at=None,
            expires_at__gt=clock.wall(),
            tries__lt=PendingSignIn.TRIES,
            user__status="active",
            security_version=F("user__security_version"),
        )

    def take(self, pk: "UUID") -> bool:
        """Take it with one of the tries that are left, before the code is looked at: nobody else has it meanwhile."""
        # A condition over a join is read once: of statements that wait for one another, only the row's own
        # columns are looked at anew (PostgreSQL, "Read Committed Isolation Level").
        usable = self.usable().filter(pk=pk).values("pk")
        free = self.filter(pk__in=usable, tries__lt=PendingSignIn.TRIES, completed_at=None)
        return free.update(tries=F("tries") + 1, completed_at=clock.wall()) == 1

    def give_back(self, pk: "UUID") -> None:
        """What was shown was wrong: while tries are left it can be taken again."""
        self.filter(pk=pk).update(completed_at=None)


class PendingSignIn(Row):
    """A person proved the first factor and owes the second. Its token is worth nothing else."""

    TRIES = 5

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="pending_sign_ins")
    token_digest = models.CharField(max_length=100, unique=True)
    # The kind of session that it becomes.
    form = models.CharField(max_length=8, choices=Session.Kind)
    methods = models.JSONField(default=list)
    security_version = models.PositiveIntegerField()
    tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = PendingSignInQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.user_id} until {self.expires_at:%H:%M:%S}"


class StepUp(Row):
    """Within one session, a person proved once more who they are, for one purpose and for a short time."""

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="step_ups")
    purpose = models.CharField(max_length=40)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "purpose"], name="step_up_once_a_purpose")]

    def __str__(self) -> str:
        return f"{self.purpose} until {self.expires_at:%H:%M:%S}"
