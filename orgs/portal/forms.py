"""Forms of the organization's pages. The services say whether what they hold will do."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms

from orgs import roles
from orgs.models import CustomRole, Membership, Organization, Product, ReportSchedule
from orgs.models.domains import JOIN_ROLES
from orgs.models.reports import Format
from orgs.reports import ReportKind
from orgs.roles import Role
from orgs.services import product_roles, report_schedules
from orgs.services.reports import Wanted
from platform_core.errors import DomainError
from platform_core.portal.fields import LineField

PRODUCT = "product-"
NO_ROLE = [("", "No role")]


def role_choices(organization: Organization, *, owner: bool) -> list[tuple[str, str]]:
    """Built-in roles and the organization's own."""
    built_in = [(role.value, str(role.label)) for role in Role if owner or role != Role.OWNER]
    return [*built_in, *CustomRole.objects.filter(organization=organization).values_list("key", "name")]


class ProductRolesForm(forms.Form):
    """One choice for each product that has roles."""

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.products: list[Product] = product_roles.products()
        for product in self.products:
            choices = [*NO_ROLE, *((role, role.title()) for role in product.role_options)]
            self.fields[PRODUCT + product.code] = forms.ChoiceField(
                choices=choices,
                required=False,
                label=f"Role in {product.name}",
                help_text="" if product.code in organization.product_codes else "No plan of yours covers it now.",
            )

    @property
    def given(self) -> dict[str, str]:
        """Product code to role, without the products in which there is none."""
        found = {product.code: self.cleaned_data[PRODUCT + product.code] for product in self.products}
        return {code: role for code, role in found.items() if role}


def initial_roles(given: dict[str, str]) -> dict[str, str]:
    """What `ProductRolesForm` begins with."""
    return {PRODUCT + code: role for code, role in given.items()}


class MemberForm(ProductRolesForm):
    """A member's role, status and product roles."""

    field_order = ["role", "status"]

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, organization=organization, **kwargs)
        self.fields["role"] = forms.ChoiceField(choices=role_choices(organization, owner=True))
        self.fields["status"] = forms.ChoiceField(choices=Membership.Status.choices)
        self.order_fields(self.field_order)


class InviteForm(ProductRolesForm):
    """An address, and as what it is to join."""

    email = forms.EmailField(max_length=254, label="Email", widget=forms.EmailInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, organization=organization, **kwargs)
        choices = role_choices(organization, owner=False)
        self.fields["role"] = forms.ChoiceField(choices=choices, initial=Role.MEMBER.value)
        self.order_fields(["email", "role"])


class InviteListForm(forms.Form):
    """Many at once."""

    csv = forms.CharField(
        label="CSV",
        max_length=200_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "placeholder": "email,role"}),
        help_text="A first line “email,role”, then a line for each. All are invited, or nobody.",
    )


class RoleForm(forms.Form):
    """A custom role. What its maker does not hold is not offered."""

    name = LineField(max_length=60)

    def __init__(self, *args: Any, held: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = frozenset(held) - roles.OWNERS_ONLY - {roles.ORGANIZATION_READ}
        self.fields["permissions"] = forms.MultipleChoiceField(
            choices=[(code, label) for code, label in roles.REGISTRY.items() if code in offered],
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text="Whoever has the role sees the organization in any case.",
        )


class AvatarForm(forms.Form):
    """A picture."""

    photo = forms.FileField(
        label="New picture",
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
        help_text="JPEG, PNG, WebP or GIF, at most 5 MB.",
        max_length=200,
    )


class OrganizationForm(forms.Form):
    """A new organization."""

    name = LineField(max_length=120)


class SettingsForm(ProductRolesForm):
    """What admins may change."""

    name = LineField(max_length=120)
    billing_email = forms.EmailField(max_length=254, label="Billing email", help_text="Invoices go here.")
    two_factor_required = forms.BooleanField(required=False, label="Everybody needs a second factor")
    session_max_hours = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=720,
        label="Hours until everybody signs in again",
        help_text="Empty: no limit of your own.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for product in self.products:
            self.fields[PRODUCT + product.code].label = f"Role of newcomers in {product.name}"

    @property
    def changes(self) -> dict[str, Any]:
        """As the service takes them."""
        names = ("name", "billing_email", "two_factor_required", "session_max_hours")
        return {**{name: self.cleaned_data[name] for name in names}, "default_product_roles": self.given}


class DomainForm(forms.Form):
    """A domain of one's own."""

    name = LineField(
        max_length=253,
        label="Domain",
        widget=forms.TextInput(attrs={"placeholder": "example.com", "autocapitalize": "none", "spellcheck": "false"}),
    )


class JoinForm(forms.Form):
    """What people become who confirm an address of a domain."""

    join_role = forms.ChoiceField(
        choices=[("", "Nobody"), *((role.value, f"Everybody, as {role.label.lower()}") for role in JOIN_ROLES)],
        required=False,
        label="Who joins with a confirmed address",
    )


class ReportForm(forms.Form):
    """Which report, of which days."""

    kind = forms.ChoiceField(label="Report")
    format = forms.ChoiceField(choices=Format.choices, label="Format")
    starts_on = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    ends_on = forms.DateField(
        label="To",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Days are in UTC. Empty: the thirty days until yesterday.",
    )

    def __init__(self, *args: Any, kinds: Iterable[ReportKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"] = forms.ChoiceField(choices=[(kind.code, kind.title) for kind in kinds], label="Report")
        self.order_fields(["kind", "format", "starts_on", "ends_on"])

    @property
    def wanted(self) -> Wanted:
        """What was asked for."""
        return Wanted(**self.cleaned_data)

    def refuse(self, error: DomainError) -> None:
        """Say what the service said, beside the fields that it named."""
        named = {name: reasons for name, reasons in error.details.items() if name in self.fields}
        for name, reasons in named.items():
            self.add_error(name, list(reasons))
        if not named:
            self.add_error(None, error.message)


class ReportScheduleForm(forms.Form):
    """Which report, how often, and who is told."""

    every = forms.ChoiceField(choices=ReportSchedule.Every.choices, label="Frequency")
    format = forms.ChoiceField(choices=Format.choices, label="Format")

    def __init__(self, *args: Any, kinds: Iterable[ReportKind], members: Iterable[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": "schedule", **kwargs})
        self.fields["kind"] = forms.ChoiceField(choices=[(kind.code, kind.title) for kind in kinds], label="Report")
        choices = [(str(member.pk), member.user.email) for member in members]
        self.fields["recipients"] = forms.MultipleChoiceField(
            choices=choices, label="Recipients", widget=forms.CheckboxSelectMultiple
        )
        self.order_fields(["kind", "every", "format", "recipients"])

    @property
    def wanted(self) -> report_schedules.Wanted:
        """What was asked for."""
        recipients = [UUID(pk) for pk in self.cleaned_data["recipients"]]
        return report_schedules.Wanted(**{**self.cleaned_data, "recipients": recipients})
