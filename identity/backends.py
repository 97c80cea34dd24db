"""What a person may do, as Django asks for it."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import ModelBackend

from identity import permissions, selectors
from identity.models import User, normalize_address

if TYPE_CHECKING:
    from django.http import HttpRequest


class PeopleBackend(ModelBackend):
    """Django's own, asking once for what a person holds by themselves and by their roles."""

    def authenticate(
        self, request: "HttpRequest | None", username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        """Whoever has this address and password. One hash whatever is wrong, and one query for all else."""
        email = username or kwargs.get("email")
        if email is None or password is None:
            return None
        user = selectors.signing_in().filter(email=normalize_address(email)).first()
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """As "app.codename"; nothing for whoever is not active, and nothing about single rows."""
        if not isinstance(user_obj, User) or not user_obj.is_active or obj is not None:
            return set()
        return permissions.of(user_obj)
