"""What a browser's cookie stands for: Django's sessions, each found with the sign-in that it carries, in one query."""

from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.utils.crypto import get_random_string

from platform_core import clock
from platform_core.prepared import Prepared

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import QuerySet

    from identity.models import BrowserSession, Session

KEY_LENGTH = 32
# Under this name a browser's session says which sign-in it carries.
SID = "sid"


def _known(key: str) -> "QuerySet[BrowserSession]":
    known = SessionStore.get_model_class().objects.filter(session_key=key)
    return known.select_related("sign_in__user", "sign_in__impersonator")


def _of_staff(key: str) -> "QuerySet[BrowserSession]":
    from identity import permissions  # noqa: PLC0415

    return _known(key).annotate(held_permissions=permissions.held_by("sign_in__user"))


_KNOWN = Prepared(_known)
_OF_STAFF = Prepared(_of_staff)


class SessionStore(db.SessionStore):
    """As Django's own, but for a key that is given up: it is dead at once, and one write brings the next."""

    # Whether only staff get an answer here: then what they may do is read with their session.
    is_for_staff = False
    # As it was when the session was read.
    sign_in: "Session | None" = None
    # The key whose row the next save gives another key.
    given_up: str | None = None
    # What has been written already, which the answer need not write again.
    written: "dict[str, Any] | None" = None

    @classmethod
    def get_model_class(cls) -> "type[BrowserSession]":
        """Django names the engine before there are models."""
        from identity.models import BrowserSession  # noqa: PLC0415

        return BrowserSession

    def _get_session_from_db(self) -> "BrowserSession | None":
        found = (_OF_STAFF if self.is_for_staff else _KNOWN).first(self.session_key or "")
        if found is None or found.expire_date <= clock.wall():
            self._session_key = None
            return None
        self.sign_in = found.sign_in
        if self.is_for_staff and self.sign_in is not None:
            from identity import permissions  # noqa: PLC0415

            permissions.came_with(found, self.sign_in.user)
        return found

    def create_model_instance(self, data: "dict[str, Any]") -> "BrowserSession":
        made = cast("BrowserSession", super().create_model_instance(data))
        made.sign_in_id = UUID(data[SID]) if SID in data else None
        return made

    def _get_new_session_key(self) -> str:
        # 165 random bits: nobody looks whether they are taken, the insert would fail.
        return get_random_string(KEY_LENGTH, VALID_KEY_CHARS)

    def cycle_key(self) -> None:
        """Give up the key: the answer brings a new one, and by the write that stores it the old one is dead.

        Until then the old one opens what it opened before, and nothing of what is new.
        """
        kept = dict(self.items())
        self.given_up = self.session_key or self.given_up
        self._session_key = None
        self._session_cache = kept
        self.modified = True

    def renew_key(self) -> None:
        """The same at once: from here on the old key opens nothing."""
        self.cycle_key()
        self.save()
        self.written = dict(self.items())

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        written, self.written = self.written, None
        if written is not None and written == dict(self.items()):
            return
        before, self.given_up = self.given_up, None
        if before is None or not self._moved(before):
            super().save(must_create)

    def _moved(self, before: str) -> bool:
        """The same row under another key, if it is still there."""
        if self.session_key is None:
            self._session_key = self._get_new_session_key()
        row = self.create_model_instance(dict(self.items()))
        moved = (
            self.get_model_class()
            .objects.filter(session_key=before)
            .update(
                session_key=row.session_key,
                session_data=row.session_data,
                expire_date=row.expire_date,
                sign_in=row.sign_in_id,
            )
        )
        if not moved:
            self._session_key = None
        return moved == 1

    def delete(self, session_key: str | None = None) -> None:
        """Without reading the row first."""
        keys = [key for key in (session_key or self.session_key, self.given_up) if key]
        if keys:
            self.model.objects.filter(session_key__in=keys).delete()
            self.given_up = None
