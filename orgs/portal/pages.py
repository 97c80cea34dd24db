"""Pages that act for one organization."""

from typing import Any, ClassVar

from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property

from orgs.models import ACTIVE, Membership, Organization
from orgs.selectors import require_sign_in
from platform_core import scoping
from platform_core.errors import EnrolmentRequired, NotAllowed, SignInAgain
from platform_core.portal.base import PortalView

SESSION_KEY = "organization"


class OrganizationPage(PortalView):
    """A page of the organization that the person works in now. No row of any other is in reach."""

    # About the person themselves: open to whoever has no organization, or may not enter theirs yet.
    personal: ClassVar[bool] = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not self.personal:
            if not self.memberships:
                return self.page("portal/orgs/none.html")
            try:
                self._require_sign_in()
            except EnrolmentRequired:
                return redirect(f"{reverse('portal:security')}?required={self.organization.slug}")
            except SignInAgain:
                return self.page("portal/orgs/sign_in_again.html")
        return super().dispatch(request, *args, **kwargs)

    def _require_sign_in(self) -> None:
        """Only an organization with a policy of its own asks when and how the person signed in."""
        chosen = self.organization
        if chosen.two_factor_required or chosen.session_max_hours is not None:
            session = self.session
            require_sign_in(chosen, two_factor=session.has_two_factor, signed_in_at=session.created_at)

    @cached_property
    def memberships(self) -> list[Membership]:
        """Every organization the person may switch to, the oldest first."""
        mine = Membership.ALL.filter(ACTIVE, user=self.actor)
        return list(mine.select_related("organization", "custom_role").order_by("created_at"))

    @cached_property
    def membership(self) -> Membership:
        """The one chosen last in this session, else the first."""
        chosen = self.request.session.get(SESSION_KEY)
        return next((each for each in self.memberships if str(each.organization_id) == chosen), self.memberships[0])

    @property
    def organization(self) -> Organization:
        """The organization that the page acts for."""
        return self.membership.organization

    @property
    def denied_as(self) -> Model:
        return self.membership if self.memberships else self.actor

    def scope(self) -> scoping.Scope:
        return scoping.of_organizations([self.organization.pk] if self.memberships else [])

    def authorize(self, rule: str) -> None:
        """A rule other than "person" is a permission that the role must hold."""
        if rule not in ("", "person") and not self.membership.may(rule):
            role = self.membership.role_name.lower()
            raise NotAllowed(f"As {role} of {self.organization} you may not do this. An owner can change your role.")

    def frame(self) -> dict[str, object]:
        if not self.memberships:
            return super().frame()
        held = {name.replace(".", "_"): True for name in self.membership.permissions}
        return {
            **super().frame(),
            "organization": self.organization,
            "membership": self.membership,
            "memberships": self.memberships,
            "may": held,
        }
