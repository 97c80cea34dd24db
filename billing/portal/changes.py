"""Changing a subscription: what it would cost is shown before it is confirmed."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string

from billing.models import Subscription, SubscriptionChange
from billing.portal.billing import BillingSurroundings
from billing.portal.forms import ChangeForm, ReasonForm
from billing.services import changes, next_steps, plans, proposals
from billing.services.proposals import Asked, Proposal
from orgs import roles
from platform_core.errors import DomainError, InvalidInput

Kind = SubscriptionChange.Kind


class ChangingPage(BillingSurroundings):
    """Acts on one subscription of the organization."""

    def subscription(self, pk: UUID) -> Subscription:
        """One of those that are not over; anybody else's does not exist."""
        return get_object_or_404(self.subscriptions(), pk=pk)

    def carried_out(self, act: Callable[[], object], said: str) -> HttpResponse:
        """Back to the billing page, with what came of it."""
        try:
            act()
        except DomainError as error:
            messages.warning(self.request, error.message)
        else:
            messages.success(self.request, said)
        return redirect("portal:billing")


class ChangePlan(ChangingPage):
    """Choose a plan and how many of it, look at what it means, confirm."""

    access = {"GET": roles.BILLING_READ, "POST": roles.BILLING_MANAGE}

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._shown(self.subscription(pk), request.GET)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        subscription = self.subscription(pk)
        try:
            proposal = proposed(subscription, request.POST)
            change = changes.change_plan(proposal, Asked(self.actor))
        except DomainError as error:
            return self._shown(subscription, request.POST, error=error)
        tell(request, change, said_of(proposal))
        return redirect("portal:billing")

    def _shown(self, subscription: Subscription, given: QueryDict, *, error: DomainError | None = None) -> HttpResponse:
        """The plans to choose from and, once one is chosen, what it would mean now."""
        proposal = None
        if "plan" in given:
            try:
                proposal = proposed(subscription, given, anew=True)
            except DomainError as refusal:
                error = error or refusal
        return self.page(
            "portal/billing/change_plan.html",
            status=error.status if error else 200,
            subscription=subscription,
            plans=plans.beside(subscription),
            intervals=plans.intervals_beside(subscription),
            interval=given.get("interval") or subscription.price.interval,
            chosen=given.get("plan") or subscription.plan.code,
            quantity=given.get("quantity") or subscription.quantity,
            proposal=proposal,
            replaced=replaced(proposal),
            error=error.message if error else "",
        )


def proposed(subscription: Subscription, given: QueryDict, *, anew: bool = False) -> Proposal:
    """What was chosen; held to what was shown, unless it is looked at anew."""
    form = ChangeForm(given)
    if not form.is_valid():
        raise InvalidInput("Choose a plan, and a whole number of it.")
    wish = form.cleaned_data
    price, quantity = proposals.target(
        subscription,
        plan=wish["plan"],
        quantity=wish["quantity"],
        direction=Kind.UPGRADE,
        interval=wish["interval"],
    )
    proposal = proposals.at_provider(proposals.propose(subscription, price, quantity, at=None if anew else wish["at"]))
    if not anew:
        proposal = proposals.hold_to(proposal, wish["due"])
    return proposal


def replaced(proposal: Proposal | None) -> SubscriptionChange | None:
    """What waits for the next period and is forgotten where this comes at once."""
    if proposal is None or proposal.timing != SubscriptionChange.Timing.NOW:
        return None
    planned = proposals.planned_of(proposal.subscription)
    return None if planned is None or planned.is_binding else planned


def said_of(proposal: Proposal) -> str:
    """What to tell the person who confirmed it."""
    return render_to_string("portal/billing/changed.txt", {"proposal": proposal}).strip()


def tell(request: HttpRequest, change: SubscriptionChange, said: str) -> None:
    """That it is done, or waits for the customer's bank."""
    if change.status == SubscriptionChange.Status.CONFIRMING:
        messages.warning(request, "Your bank wants you to confirm the payment. Nothing is changed before that.")
    else:
        messages.success(request, said)


class CancelSubscription(ChangingPage):
    """Asks once more, and why."""

    access = {"GET": roles.BILLING_MANAGE, "POST": roles.BILLING_MANAGE}

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self.page("portal/billing/cancel.html", subscription=self.subscription(pk))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        subscription, form = self.subscription(pk), ReasonForm(request.POST)
        if not form.is_valid():
            messages.warning(request, "Say it in fewer words.")
            return redirect("portal:cancel-subscription", pk)
        now, reason = form.cleaned_data["at"] == "now", form.cleaned_data["reason"]
        return self.carried_out(
            lambda: changes.cancel(subscription, Asked(self.actor, reason), now=now),
            f"{subscription.plan} has ended." if now else f"{subscription.plan} ends with its period.",
        )


class ResumeSubscription(ChangingPage):
    """Takes back the planned end, or the planned change."""

    access = {"POST": roles.BILLING_MANAGE}
    form_page = "portal:billing"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        subscription = self.subscription(pk)
        try:
            change = changes.resume(subscription, Asked(self.actor))
        except DomainError as error:
            messages.warning(request, error.message)
        else:
            if next_steps.of(change) is None:
                messages.success(request, f"{subscription.plan} goes on.")
            else:
                messages.warning(request, f"{subscription.plan} goes on, but your bank has not paid for it yet.")
        return redirect("portal:billing")
