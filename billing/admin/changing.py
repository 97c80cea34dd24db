"""Changing what a customer's subscription is for, in the console: what it costs is told before it is done."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from django import forms
from django.utils.dateparse import parse_datetime
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from billing import price_text
from billing.models import Price, Subscription, SubscriptionChange
from billing.money import format_minor
from billing.services import add_on_proposals, add_on_wishes, changes, plans, proposals
from billing.services.proposals import Asked, Proposal
from identity.models import User
from platform_core import foreign_json
from platform_core.admin.questions import Question
from platform_core.errors import DomainError

Timing = SubscriptionChange.Timing
# A SHA-256's hexadecimal digits.
DIGEST = 64
WISHES = ("plan", "interval", "quantity", "timing")
# What a wish would mean, from a moment on.
Proposed: TypeAlias = Callable[[Mapping[str, Any], datetime | None], Proposal]


class Changing(Question):
    """Before a subscription is changed: in force from when on, and why. What it means is told, then it is done."""

    row: Subscription

    timing = forms.ChoiceField(choices=Timing.choices, widget=UnfoldAdminSelectWidget, label="In force")
    reason = forms.CharField(widget=forms.Textarea, max_length=300, help_text="Written into the record.")
    # What was told of which wish.
    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=2000)

    def __init__(self, row: Subscription, data: Any = None) -> None:
        super().__init__(row, data.copy() if data is not None else None)

    def told_first(self, wish: Mapping[str, Any], proposed: Proposed) -> dict[str, Any]:
        """Sent once, it tells what the change would mean; sent again as it is, the change is made, at that price."""
        given = super().clean() or self.cleaned_data
        if self.errors:
            return given
        told = _read(given["shown"])
        try:
            if told.get("wish") == wish:
                proposal = proposals.at_provider(proposed(wish, told["at"]))
                given["proposal"] = proposals.hold_to(proposal, told["due"])
                return given
            proposal = proposals.at_provider(proposed(wish, None))
        except DomainError as error:
            self.add_error(None, error.message)
            return given
        data: Any = self.data
        data["shown"] = json.dumps({"wish": wish, "at": proposal.prorated_at, "due": proposal.due_minor}, default=str)
        self.add_error(None, _told(proposal))
        return given


class ChangePlan(Changing):
    """Before a subscription is moved: to which plan, how many, and paid how often."""

    plan = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    interval = forms.ChoiceField(widget=UnfoldAdminSelectWidget, label="Paid each")
    quantity = forms.IntegerField(min_value=1, max_value=100_000, widget=UnfoldAdminIntegerFieldWidget)

    field_order = ("plan", "interval", "quantity", "timing", "reason")

    def __init__(self, row: Subscription, data: Any = None) -> None:
        super().__init__(row, data)
        fields: Any = self.fields
        fields["plan"].choices = [(each.code, str(each)) for each in plans.beside(row)]
        fields["interval"].choices = [
            choice for choice in Price.Interval.choices if choice[0] != Price.Interval.ONCE.value
        ]

    def suggested(self) -> dict[str, Any]:
        return {
            "plan": self.row.plan.code,
            "interval": self.row.price.interval,
            "quantity": self.row.quantity,
            "timing": Timing.NOW,
        }

    def explained(self) -> str:
        row = self.row
        return f"{row.organization} has {row.plan}, {row.quantity} of it, paid each {row.price.interval}."

    def clean(self) -> dict[str, Any]:
        return self.told_first({name: self.cleaned_data.get(name) for name in WISHES}, self._proposed)

    def _proposed(self, wish: Mapping[str, Any], at: datetime | None) -> Proposal:
        price, quantity = proposals.target(
            self.row,
            plan=wish["plan"],
            quantity=wish["quantity"],
            direction=SubscriptionChange.Kind.UPGRADE,
            interval=wish["interval"],
        )
        return proposals.propose(self.row, price, quantity, at=at, timing=Timing(wish["timing"]))


class ChangeAddOns(Changing):
    """Before what is beside the plan is changed: how many of each."""

    def __init__(self, row: Subscription, data: Any = None) -> None:
        self.choices = {each.price.plan.code: each for each in add_on_wishes.choices(row)}
        super().__init__(row, data)
        for code, each in self.choices.items():
            self.fields[code] = forms.IntegerField(
                min_value=0,
                max_value=add_on_wishes.MOST,
                initial=each.quantity,
                widget=UnfoldAdminIntegerFieldWidget,
                label=str(each.price.plan),
                help_text=price_text.each_of(each.price),
            )
        self.order_fields([*self.choices, "timing", "reason"])

    def suggested(self) -> dict[str, Any]:
        return {"timing": Timing.NOW}

    def explained(self) -> str:
        has = [f"{each.quantity} of {each.price.plan}" for each in self.choices.values() if each.quantity]
        return f"{self.row.organization} has {' and '.join(has) or 'nothing'} with {self.row.plan}."

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        counts = {code: given.get(code) for code, each in self.choices.items() if given.get(code) != each.quantity}
        return self.told_first({"counts": counts, "timing": given.get("timing")}, self._proposed)

    def _proposed(self, wish: Mapping[str, Any], at: datetime | None) -> Proposal:
        return add_on_proposals.propose(self.row, wish["counts"], at=at, timing=Timing(wish["timing"]))


def _read(shown: str) -> dict[str, Any]:
    try:
        told = foreign_json.read(shown)
        return {"wish": told["wish"], "at": _moment(told["at"]), "due": int(told["due"])}
    except (ValueError, TypeError, KeyError, OverflowError):
        return {}


def _moment(at: str | None) -> datetime | None:
    if at is None:
        return None
    moment = parse_datetime(at)
    if moment is None or moment.tzinfo is None:
        raise ValueError("A moment with its zone is wanted.")
    return moment


def _told(proposal: Proposal) -> str:
    period = f"{format_minor(proposal.period_minor, proposal.currency)} each {proposal.price.interval}"
    if proposal.timing == Timing.RENEWAL:
        when = f"from {proposal.effective_at:%-d %B %Y} on"
    elif proposal.due_minor < 0:
        when = f"at once; {format_minor(-proposal.due_minor, proposal.currency)} are kept as the customer's credit"
    else:
        when = f"at once; {format_minor(proposal.due_minor, proposal.currency)} are charged now"
    return f"Nothing is changed yet. {_subject(proposal)}: in force {when}, then {period}. Send it again to do so."


def _subject(proposal: Proposal) -> str:
    if proposal.kind != SubscriptionChange.Kind.ADD_ONS:
        return str(proposal.price.plan)
    return ", ".join(f"{each.quantity or 'no'} {each.price.plan}" for each in proposal.beside)


def _digest(key: str) -> str:
    """As long as its column at most; the page's own keys are short."""
    return key if len(key) <= DIGEST else hashlib.sha256(key.encode()).hexdigest()


def change_plan(row: Subscription, by: User, *, key: str, proposal: Proposal, reason: str, **wish: Any) -> str:
    """As it was told."""
    asked = Asked(by, reason, _digest(f"console:{key}"), is_staff=True)
    done = changes.asked_before(asked.digest) or changes.change_plan(proposal, asked)
    if done.status == SubscriptionChange.Status.CONFIRMING:
        return f"{_subject(proposal)} once the customer has confirmed it with their bank, who was written to"
    if done.timing == Timing.RENEWAL:
        return f"{_subject(proposal)} from {proposal.effective_at:%-d %B %Y} on"
    return f"{_subject(proposal)} from now on, {format_minor(done.due_minor, proposal.currency)} charged"
