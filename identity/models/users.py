"""People."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from platform_core.models import Row


def normalize_address(email: str) -> str:
    """The one form in which an address is stored and looked for."""
    return email.strip().lower()


def split_name(name: str) -> tuple[str, str]:
    """A name given as one text, as first and last name."""
    first, _, last = " ".join(name.split()).partition(" ")
    return first, last


class UserManager(BaseUserManager["User"]):
    """People are known by their email address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person; without a password they can only enter by a mailed link."""
        user = self.model(email=normalize_address(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Django's own command; `manage.py create_operator` also gives the owner role."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normalize_address(username or ""))


class User(AbstractBaseUser, PermissionsMixin, Row):
    """A person: customer or staff, one account for both."""

    class Status(models.TextChoices):
        ACTIVE = "active"
        SUSPENDED = "suspended"
        DELETED = "deleted"

    email = models.EmailField(max_length=254, unique=True)
    first_name = models.CharField(max_length=80, blank=True)
    last_name = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    is_staff = models.BooleanField(default=False)
    is_employee = models.BooleanField(default=False)
    # The name under which the storage knows their picture.
    photo = models.CharField(max_length=120, blank=True, editable=False)
    # Who of staff opened the account for them, if anybody did.
    added_by = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    # Part of every sign-in; raising it ends all of them at once.
    security_version = models.PositiveIntegerField(default=1, editable=False)
    # Codes in a row that were wrong, over all their sign-ins; a right one begins anew.
    wrong_codes = models.PositiveIntegerField(default=0, editable=False)
    codes_blocked_until = models.DateTimeField(null=True, blank=True, editable=False)
    # Of the recovery codes that still work; each works once, and the code itself is kept nowhere.
    recovery_digests = models.JSONField(default=list, blank=True, editable=False)
    # Of somebody who was erased: when, and the address by which the last of what is theirs is found and deleted.
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    erased_address = models.EmailField(max_length=254, blank=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case")]
        indexes = [
            models.Index(fields=["erased_at"], name="user_not_yet_emptied", condition=~models.Q(erased_address="")),
            models.Index(fields=["id"], name="user_erased", condition=models.Q(status="deleted")),
        ]
        permissions = [
            ("suspend_user", "Can suspend and reactivate people"),
            ("impersonate_user", "Can see the portal as a customer sees it"),
            ("impersonate_with_changes", "Can change things while acting as a customer"),
            ("manage_staff", "Can decide who is staff and in which role"),
            ("reset_two_factor", "Can take away the second factor of somebody who lost it"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Django's name for it: only active people can sign in or keep a session."""
        return self.status == self.Status.ACTIVE

    @property
    def name(self) -> str:
        """The full name, or the address where none was given; of whoever was erased, neither is left."""
        return f"{self.first_name} {self.last_name}".strip() or ("Deleted person" if self.erased_at else self.email)

    def get_full_name(self) -> str:
        """What the console calls whoever is signed in."""
        return self.name

    @property
    def photo_url(self) -> str | None:
        """Where their picture is, for those who may see it. Another picture has another address."""
        version = self.photo.rpartition("/")[2].partition(".")[0][-8:]
        return f"/api/v1/users/{self.pk}/photo?v={version}" if self.photo else None

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django compares this with the session's at each request."""
        signed = f"{self.password}:{self.security_version}"
        return salted_hmac("identity.User.session", signed, secret=secret, algorithm="sha256").hexdigest()
