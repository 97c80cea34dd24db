"""Holds what the sandbox says against what the pinned client library declares, class by class and field by field."""

import re
import types
from decimal import Decimal
from typing import Any, ForwardRef, Literal, TypeVar, Union, get_args, get_origin

import stripe
from stripe import ListObject, StripeObject
from stripe._stripe_object import UntypedStripeObject

CLASSES: dict[str, type[StripeObject]] = {
    "account": stripe.Account,
    "balance_transaction": stripe.BalanceTransaction,
    "billing_portal.session": stripe.billing_portal.Session,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "coupon": stripe.Coupon,
    "credit_note": stripe.CreditNote,
    "customer": stripe.Customer,
    "customer_balance_transaction": stripe.CustomerBalanceTransaction,
    "discount": stripe.Discount,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "invoiceitem": stripe.InvoiceItem,
    "item": stripe.LineItem,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "plan": stripe.Plan,
    "price": stripe.Price,
    "product": stripe.Product,
    "promotion_code": stripe.PromotionCode,
    "refund": stripe.Refund,
    "setup_intent": stripe.SetupIntent,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "subscription_schedule": stripe.SubscriptionSchedule,
    "tax_rate": stripe.TaxRate,
    "webhook_endpoint": stripe.WebhookEndpoint,
}
# Classes that the library names otherwise inside itself.
ALIASES = {"CardResource": "Card", "DiscountResource": "Discount", "RefundResource": "Refund"}
DECIMAL = re.compile(r"-?\d+(\.\d+)?")
SIMPLE: dict[Any, type | tuple[type, ...]] = {int: int, str: str, bool: bool, float: (int, float)}


def complaints(value: Any, kind: Any, where: str) -> list[str]:
    """Where a value is not of the declared kind."""
    if kind is Any or isinstance(kind, TypeVar):
        return []
    if isinstance(kind, (str, ForwardRef)):
        return complaints(value, _named(kind), where)
    if get_origin(kind) in (Union, types.UnionType):
        return _of_one(value, get_args(kind), where)
    if get_origin(kind) is Literal:
        return [] if value in get_args(kind) else [f"{where}: {value!r} is none of the declared words"]
    if get_origin(kind) is list:
        return _each(value, get_args(kind)[0], where)
    if get_origin(kind) is ListObject or kind is ListObject:
        return _each(value.get("data"), (get_args(kind) or (Any,))[0], f"{where}.data")
    return _of_class(value, get_origin(kind) or kind, where)


def _named(kind: str | ForwardRef) -> Any:
    name = kind if isinstance(kind, str) else kind.__forward_arg__
    return getattr(stripe, ALIASES.get(name, name), Any)


def _of_one(value: Any, kinds: tuple[Any, ...], where: str) -> list[str]:
    """`Literal[...] | str` is how the library leaves room for words to come; today's words are the literal's."""
    if value is None:
        return [] if type(None) in kinds else [f"{where}: null is not declared"]
    wanted = [kind for kind in kinds if kind is not type(None)]
    if any(get_origin(kind) is Literal for kind in wanted):
        wanted = [kind for kind in wanted if kind is not str]
    found = [complaints(value, kind, where) for kind in wanted]
    return [] if [] in found else found[-1]


def _each(value: Any, kind: Any, where: str) -> list[str]:
    if not isinstance(value, list):
        return [f"{where}: {value!r} is not a list"]
    return [problem for at, each in enumerate(value) for problem in complaints(each, kind, f"{where}[{at}]")]


def _of_class(value: Any, kind: Any, where: str) -> list[str]:
    if kind is Decimal:
        fits = isinstance(value, str) and DECIMAL.fullmatch(value) is not None
    elif kind in SIMPLE:
        fits = isinstance(value, SIMPLE[kind]) and isinstance(value, bool) == (kind is bool)
    elif kind is UntypedStripeObject:
        fits = isinstance(value, dict)
    elif isinstance(value, dict):
        return _fields(value, kind, where)
    else:
        fits = False
    return [] if fits else [f"{where}: {value!r} is not {kind.__name__}"]


def _fields(value: dict[str, Any], kind: type[StripeObject], where: str) -> list[str]:
    declared = {name: of for name, of in kind.__annotations__.items() if name.islower() and name[0] != "_"}
    found = [f"{where}.{name}: not declared" for name in value.keys() - declared.keys()]
    for name, of in declared.items():
        if name in value:
            found += complaints(value[name], of, f"{where}.{name}")
        elif type(None) not in get_args(of):
            found.append(f"{where}.{name}: missing")
    return found
