"""What is beside the plan of a running subscription: had and on offer; what another count costs is shown first."""

from collections.abc import Mapping
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from billing.models import Subscription
from billing.portal.add_on_fields import AddOnField
from billing.portal.carts import ADD_ON
from billing.portal.changes import ChangingPage, replaced, said_of, tell
from billing.services import add_on_proposals, add_on_wishes, changes, proposals
from billing.services.proposals import Asked, Proposal
from orgs import roles
from platform_core.errors import DomainError, InvalidInput


class AddOnsForm(forms.Form):
    """How many of each; with what was shown of it, where it is confirmed."""

    at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M:%SZ"], widget=forms.HiddenInput)
    due = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, subscription: Subscription, given: QueryDict) -> None:
        self.choices = add_on_wishes.choices(subscription)
        held = {ADD_ON + each.price.plan.code: each.quantity for each in self.choices}
        super().__init__({**held, **given.dict()})
        for each in self.choices:
            most = add_on_wishes.MOST if each.is_on_sale else each.quantity
            self.fields[ADD_ON + each.price.plan.code] = AddOnField(each.price, initial=each.quantity, most=most)

    def counts(self) -> Mapping[str, int]:
        """So many of each that is to be another count than there is."""
        wanted = {each: self.cleaned_data[ADD_ON + each.price.plan.code] for each in self.choices}
        return {each.price.plan.code: count or 0 for each, count in wanted.items() if (count or 0) != each.quantity}


class ChangeAddOns(ChangingPage):
    """Choose how many of each, look at what it means, confirm."""

    access = {"GET": roles.BILLING_READ, "POST": roles.BILLING_MANAGE}

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._shown(self.subscription(pk), request.GET)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        subscription = self.subscription(pk)
        form = AddOnsForm(subscription, request.POST)
        try:
            proposal = _proposed(subscription, form, anew=False)
            if proposal is None:
                raise InvalidInput("Choose another count of one of them.")
            proposal = proposals.hold_to(proposal, form.cleaned_data["due"])
            change = changes.change_plan(proposal, Asked(self.actor))
        except DomainError as error:
            return self._shown(subscription, request.POST, error=error)
        tell(request, change, said_of(proposal))
        return redirect("portal:billing")

    def _shown(self, subscription: Subscription, given: QueryDict, *, error: DomainError | None = None) -> HttpResponse:
        """What there is and, once something else is chosen, what it would mean now."""
        form, proposal = AddOnsForm(subscription, given), None
        try:
            proposal = _proposed(subscription, form, anew=True)
        except DomainError as refusal:
            error = error or refusal
        return self.page(
            "portal/billing/add_ons.html",
            status=error.status if error else 200,
            subscription=subscription,
            form=form,
            counts={ADD_ON + code: count for code, count in form.counts().items()} if proposal else {},
            proposal=proposal,
            replaced=replaced(proposal),
            error=error.message if error and form.is_valid() else "",
        )


def _proposed(subscription: Subscription, form: AddOnsForm, *, anew: bool) -> Proposal | None:
    """What was chosen, if anything was; what was shown of it, unless it is looked at anew."""
    if not form.is_valid():
        raise InvalidInput("Whole numbers are wanted.")
    if not (counts := form.counts()):
        return None
    at = None if anew else form.cleaned_data["at"]
    return proposals.at_provider(add_on_proposals.propose(subscription, counts, at=at))
