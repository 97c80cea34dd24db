"""What staff do to one person after proving that it is they: pages that the person's page in the console leads to."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from identity import staff_roles
from identity.models import User
from identity.services import reasons, staff, two_factor_reset
from platform_core.errors import EnrolmentRequired, InvalidInput, NotAllowed, NotFound
from platform_core.portal.base import PortalView


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        min_length=reasons.SHORTEST,
        max_length=reasons.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
        help_text="It is recorded, and the person is told.",
    )


class RoleForm(forms.Form):
    """Which role: none above one's own."""

    role = forms.ChoiceField()

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = staff_roles.role_of(by)
        given = [role for role in staff_roles.ROLES if by.is_superuser or not staff_roles.is_above(role, own)]
        self.fields["role"].choices = [(role, role.capitalize()) for role in given]  # type: ignore[attr-defined]


class StaffPage(PortalView):
    """A page for staff whose role may do it, about the person whom the address names."""

    permission: ClassVar[str] = ""
    refusal: ClassVar[str] = ""

    def authorize(self, rule: str) -> None:
        if not self.actor.is_staff or not self.actor.has_perm(self.permission):
            raise NotAllowed(self.refusal)
        if not self.session.has_two_factor:
            raise EnrolmentRequired

    @property
    def person(self) -> User:
        """Whom the address names."""
        try:
            found = User.objects.filter(pk=UUID(self.request.GET.get("person", ""))).first()
        except ValueError:
            found = None
        if found is None:
            raise NotFound("There is no such person.")
        return found

    def to_their_page(self, said: str) -> HttpResponse:
        """Back to the person's page in the console."""
        messages.success(self.request, said)
        return redirect(reverse("admin:identity_user_change", args=[self.person.pk]))


class ResetSecondFactor(StaffPage):
    """For somebody who lost their phone and their recovery codes."""

    access = {"GET": "staff", "POST": "staff"}
    step_up = {"GET": "two_factor.reset", "POST": "two_factor.reset"}
    permission = two_factor_reset.PERMISSION
    refusal = "Your role may not reset a second factor."

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(ReasonForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return self._page(form, status=400)
        try:
            two_factor_reset.reset(self.person, by=self.actor, reason=form.cleaned_data["reason"])
        except InvalidInput as error:
            form.add_error("reason", list(error.details["reason"]))
            return self._page(form, status=400)
        return self.to_their_page("The second factor is reset, and every sign-in of theirs has ended.")

    def _page(self, form: ReasonForm, *, status: int = 200) -> HttpResponse:
        return self.page("portal/identity/reset_second_factor.html", status=status, form=form, person=self.person)


class StaffRole(StaffPage):
    """Which role a member of staff has."""

    access = {"GET": "staff", "POST": "staff"}
    step_up = {"GET": "staff.change_role", "POST": "staff.change_role"}
    permission = "identity.manage_staff"
    refusal = "Only owners decide who is staff and in which role."

    @property
    def member(self) -> User:
        """Whom the address names, who is staff."""
        person = self.person
        if not person.is_staff:
            raise NotFound("This person is not staff: invite them.")
        return person

    def get(self, request: HttpRequest) -> HttpResponse:
        form = RoleForm(by=self.actor, initial={"role": staff_roles.role_of(self.member)})
        return self._page(form)

    def post(self, request: HttpRequest) -> HttpResponse:
        member, form = self.member, RoleForm(request.POST, by=self.actor)
        if not form.is_valid():
            return self._page(form, status=400)
        staff.change(member.pk, by=self.actor, role=form.cleaned_data["role"])
        return self.to_their_page(f"{member.name} is {form.cleaned_data['role'].lower()} now.")

    def _page(self, form: RoleForm, *, status: int = 200) -> HttpResponse:
        return self.page("portal/identity/staff_role.html", status=status, form=form, person=self.member)
