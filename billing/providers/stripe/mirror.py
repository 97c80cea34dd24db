"""dj-stripe's tables as a raw mirror, written from a snapshot without one call to Stripe.

dj-stripe calls Stripe while it writes: for references it does not know, for a product's features, for the account
behind an API key. Here its calls are answered from the snapshot in hand (SnapshotClient), it is given a placeholder
for a key, because it stores in clear whatever key it is given, and the account is told to it, because it asks for the
key and its account anew for each object and each part of one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import stripe
from django.conf import settings
from djstripe import models as mirrored

from billing.providers.facts import Snapshot
from billing.providers.stripe.normalize import Raw

COLLECTIONS = {
    "product": "products",
    "price": "prices",
    "payment_method": "payment_methods",
    "customer": "customers",
    "subscription": "subscriptions",
    "invoice": "invoices",
    "checkout.session": "checkout/sessions",
}
MODELS: dict[str, Any] = {
    "account": mirrored.Account,
    "product": mirrored.Product,
    "price": mirrored.Price,
    "payment_method": mirrored.PaymentMethod,
    "customer": mirrored.Customer,
    "subscription": mirrored.Subscription,
    "invoice": mirrored.Invoice,
    "checkout.session": mirrored.Session,
}
MISSING = {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "Not in the snapshot."}}

_in_hand: ContextVar[Mapping[str, Raw] | None] = ContextVar("stripe_snapshot", default=None)
# Whose objects are written just now.
_owner: ContextVar[mirrored.Account | None] = ContextVar("stripe_owner", default=None)


class MirrorCalledOut(RuntimeError):
    """dj-stripe wanted to reach Stripe by itself, which only our own client may."""


class SnapshotClient(stripe.HTTPClient):
    """What Stripe's module-level functions speak to in this program: the snapshot in hand, never the network."""

    name = "snapshot"

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        """Answer a read from the snapshot; what it does not hold is missing, and dj-stripe leaves that link empty."""
        held = _in_hand.get()
        if held is None or method.lower() != "get":
            raise MirrorCalledOut(f"{method.upper()} {urlsplit(url).path}")
        found = held.get(urlsplit(url).path)
        return json.dumps(found or MISSING), 200 if found else 404, {}

    def close(self) -> None:
        """There is no connection."""


_owner_by_key = mirrored.Account.get_or_retrieve_for_api_key


def _owner_of(api_key: str) -> mirrored.Account:
    return _owner.get() or _owner_by_key(api_key)


def close_module_client() -> None:
    """From now on Stripe's module-level functions, which only dj-stripe uses, cannot reach the network."""
    stripe.default_http_client = SnapshotClient()
    mirrored.Account.get_or_retrieve_for_api_key = _owner_of


def placeholder_key() -> str:
    """What dj-stripe is given for a key. A publishable one, so that it does not ask whose it is."""
    return f"pk_{'live' if settings.STRIPE_LIVE_MODE else 'test'}_{'0' * 24}"


def mirror(snapshot: Snapshot) -> None:
    """Write what differs. Give it only the latest reading of a purchase: dj-stripe cannot tell old from new."""
    raws = [raw for raw in snapshot.raw if raw["object"] in MODELS]
    stored = _stored(raws)
    with _holding(snapshot.raw):
        for raw in raws:
            # Writing one object may write those it refers to: what differed is looked at again.
            if _differs(stored.get(raw["id"]), raw):
                _write(raw)
            if raw["object"] == "account":
                _owner.set(_named_owner(raw["id"]))


def _stored(raws: Sequence[Raw]) -> dict[str, dict[str, Any]]:
    """What the mirror holds of them, asked once for each kind: most of a purchase is as it was."""
    ids: dict[str, list[str]] = {}
    for raw in raws:
        ids.setdefault(raw["object"], []).append(raw["id"])
    found: dict[str, dict[str, Any]] = {}
    for kind, wanted in ids.items():
        found.update(MODELS[kind].objects.filter(id__in=wanted).values_list("id", "stripe_data"))
    return found


def _differs(stored: dict[str, Any] | None, raw: Raw) -> bool:
    """dj-stripe adds fields of its own to what it stores."""
    return stored is None or stored | dict(raw) != stored


@contextmanager
def _holding(raws: Any) -> Iterator[None]:
    token, owner = _in_hand.set({_path(raw): raw for raw in raws}), _owner.set(None)
    try:
        yield
    finally:
        _in_hand.reset(token)
        _owner.reset(owner)


def _path(raw: Raw) -> str:
    if raw["object"] == "list":
        return str(raw["url"])
    return f"/v1/{COLLECTIONS.get(raw['object'], raw['object'])}/{raw['id']}"


def _write(raw: Raw) -> None:
    model = MODELS[raw["object"]]
    stored = model.objects.filter(id=raw["id"]).values_list("stripe_data", flat=True).first()
    if _differs(stored, raw):
        model.sync_from_stripe_data(stripe.convert_to_stripe_object(dict(raw)), api_key=placeholder_key())


def _named_owner(account_id: str) -> mirrored.Account:
    """The account that the objects belong to; dj-stripe finds it through the placeholder too."""
    named = {"secret": placeholder_key(), "livemode": settings.STRIPE_LIVE_MODE}
    keys = mirrored.APIKey.objects.select_related("djstripe_owner_account")
    key = keys.filter(djstripe_owner_account__id=account_id, **named).first()
    if key is not None:
        return key.djstripe_owner_account
    owner = mirrored.Account.objects.get(id=account_id)
    mirrored.APIKey.objects.update_or_create(
        secret=placeholder_key(),
        defaults={"type": "publishable", "livemode": settings.STRIPE_LIVE_MODE, "djstripe_owner_account": owner},
    )
    return owner
