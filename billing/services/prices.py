"""Prices: put on sale, taken from sale, replaced. A price itself never changes, so whoever bought at it keeps it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from billing import money
from billing.models import Plan, Price
from billing.models.terms import LARGEST, tiers_of
from billing.providers import provider
from platform_core.errors import Conflict, InvalidInput
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

# How much it is, by one scheme or another.
AMOUNTS = ("amount_minor", "unit_price_nano", "package_size", "tiers")
# What a price says: all but whether it is on sale, and its name at the provider.
TERMS = ("plan", "kind", "scheme", "interval", "currency", *AMOUNTS, "lookup_key")
_SCHEME = Price.Scheme
_NEEDS = {
    _SCHEME.FLAT: {"amount_minor"},
    _SCHEME.PER_UNIT: {"amount_minor"},
    _SCHEME.PACKAGE: {"amount_minor", "package_size"},
    _SCHEME.GRADUATED: {"tiers"},
    _SCHEME.VOLUME: {"tiers"},
}


def checked(terms: Mapping[str, Any]) -> dict[str, Any]:
    """What a price may say, whole; else a 400 that names each field at fault."""
    whole: dict[str, Any] = {
        "kind": Price.Kind.RECURRING,
        "scheme": _SCHEME.PER_UNIT,
        "currency": "usd",
        **dict.fromkeys(AMOUNTS),
        **terms,
    }
    whole.setdefault("interval", "once" if whole["kind"] == Price.Kind.ONE_OFF else Price.Interval.MONTH)
    whole["currency"] = str(whole["currency"]).lower()
    found = (*_beyond_provider(whole), *_misfits(whole), *_out_of_range(whole))
    problems = {name: [problem] for name, problem in found}
    if problems:
        raise InvalidInput("The price is not valid.", details=problems)
    return whole


def _misfits(price: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    kind, scheme = price["kind"], price["scheme"]
    if price["currency"] not in money.CURRENCIES:
        yield "currency", "An ISO 4217 code is wanted, such as usd."
    if (kind == Price.Kind.ONE_OFF) != (price["interval"] == Price.Interval.ONCE):
        yield "interval", "What is paid once has the interval once, and nothing else has."
    if kind == Price.Kind.OVERAGE and scheme == _SCHEME.FLAT:
        yield "scheme", "What is used beyond an allotment is not flat."
    per_token = kind == Price.Kind.OVERAGE and scheme == _SCHEME.PER_UNIT
    needed = {"unit_price_nano"} if per_token else _NEEDS[scheme]
    for name in AMOUNTS:
        if (price[name] is not None) != (name in needed):
            yield name, f"A price that is {scheme} needs it." if name in needed else f"Not of a price that is {scheme}."


def _out_of_range(price: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name in AMOUNTS[:-1]:
        least = 1 if name == "package_size" else 0
        if price[name] is not None and not least <= price[name] <= LARGEST:
            yield name, f"A whole number from {least} to {LARGEST} is wanted."
    if price["tiers"] is not None:
        try:
            tiers_of(price["tiers"])
        except ValidationError as error:
            yield "tiers", error.messages[0]


def _beyond_provider(price: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """What the provider would not take. What is beyond an allotment is not published there."""
    if price["kind"] == Price.Kind.OVERAGE:
        return
    if price["amount_minor"] is not None and (problem := _not_taken(price["amount_minor"], price["currency"])):
        yield "amount_minor", problem
    for number, amount in enumerate(_amounts_once(price["tiers"]), start=1):
        if problem := _not_taken(amount, price["currency"]):
            yield "tiers", f"Tier {number}: {problem}"


def _amounts_once(tiers: Any) -> Sequence[int]:
    try:
        return [tier.amount_minor for tier in tiers_of(tiers)]
    except ValidationError:
        # None, or told of elsewhere.
        return []


def _not_taken(amount_minor: int, currency: str) -> str:
    """Why the provider would not take an amount; nothing where it would."""
    able = provider().capabilities
    if amount_minor > able.largest(currency):
        return f"At most {able.largest(currency)} is wanted: the payment provider takes no more in {currency.upper()}."
    if currency in able.in_tens and amount_minor % 10:
        return f"In {currency.upper()} the last digit is 0."
    return ""


def name_for(plan: Plan, terms: Mapping[str, Any]) -> str:
    """The name of a price that was given none."""
    what = terms["interval"] if terms["kind"] == Price.Kind.RECURRING else terms["kind"]
    yearly = "-year" if terms["kind"] == Price.Kind.OVERAGE and terms["interval"] == Price.Interval.YEAR else ""
    return f"{plan.code}-{what}{yearly}-{terms['currency']}"


@transaction.atomic
def put_on_sale(plan: Plan, terms: Mapping[str, Any], *, by: "User | None") -> Price:
    """A price of a plan; one of the same kind, interval and currency that is on sale gives it its place."""
    whole = checked(terms)
    # Two that price the same at once take turns here.
    Plan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    slot = {name: whole[name] for name in ("kind", "interval", "currency")}
    present = Price.objects.filter(plan=plan, is_active=True, **slot).first()
    if present is not None:
        return replace(present, by=by, **{name: whole[name] for name in ("scheme", *AMOUNTS)})
    made = _create({"lookup_key": name_for(plan, whole), **whole, "plan": plan})
    audit.record("price.create", made, by=by, changes={"plan": plan.code})
    return made


def _create(values: Mapping[str, Any]) -> Price:
    try:
        with transaction.atomic():
            return Price.objects.create(**values)
    except IntegrityError as error:
        raise Conflict(f"Another price is on sale as {values['lookup_key']!r}.") from error


@transaction.atomic
def replace(price: Price, *, by: "User | None", **terms: Any) -> Price:
    """Another price in the place of this one, under the same name; it is yet to be published at the provider."""
    price = Price.objects.select_for_update(of=("self",)).select_related("plan").get(pk=price.pk)
    if not price.is_active:
        raise Conflict("This price is not on sale any more.")
    before = {name: getattr(price, name) for name in TERMS}
    changes = {name: [before[name], value] for name, value in terms.items() if before[name] != value}
    if not changes:
        return price
    Price.objects.filter(pk=price.pk).update(is_active=False)
    successor = _create({**checked({**before, **terms}), "replaces": price})
    audit.record("price.replace", successor, by=by, changes=changes)
    return successor


@transaction.atomic
def restore(price: Price, *, by: "User | None") -> Price:
    """Back on sale, unless something else took its place."""
    rivals = Price.objects.filter(is_active=True)
    slot = {name: getattr(price, name) for name in ("plan", "kind", "interval", "currency")}
    if rivals.filter(lookup_key=price.lookup_key).exists() or rivals.filter(**slot).exists():
        raise Conflict("Another price took its place: change that one.")
    Price.objects.filter(pk=price.pk).update(is_active=True)
    price.is_active = True
    audit.record("price.restore", price, by=by)
    return price


@transaction.atomic
def withdraw(price: Price, *, by: "User | None") -> Price:
    """Sell nothing at this price any more; whoever bought at it keeps it. Again changes nothing."""
    price = Price.objects.select_for_update(of=("self",)).select_related("plan").get(pk=price.pk)
    if price.is_active:
        price.is_active = False
        price.save(update_fields=["is_active"])
        audit.record("price.withdraw", price, by=by)
    return price
