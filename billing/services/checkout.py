"""Buying: opening a hosted checkout, and what its completion brings about."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from billing.models import CheckoutSession, Coupon, CouponRedemption, Plan, Price, Subscription
from billing.providers import provider
from billing.providers.protocol import CheckoutFact, CheckoutSpec, ItemSpec, ProviderError, ProviderRefused, Snapshot
from billing.services import accounts, alone, carts, coupons, entitlements, offers, purchases, subscriptions
from billing.services.buyers import Buyer, buyer_of, claimant
from billing.services.carts import Cart
from billing.signals import checkout_completed
from orgs.models import Organization
from platform_core import clock, scoping, tokens
from platform_core.errors import Conflict, NotAllowed, NotFound
from platform_core.services import audit, mail

if TYPE_CHECKING:
    from identity.models import User

# How long the provider's pages live. Whoever asks again within half of it is sent to the page they already have.
PAGE_LIFE = timedelta(hours=24)
REUSE = PAGE_LIFE / 2
PAID = ("paid", "no_payment_required")
# The event whose reading is the whole checkout.
COMPLETED = "checkout.session.completed"
GIVEN_UP = ("failed", "canceled")
# So many checkouts that no event ended are looked after in one go.
TOGETHER = 100
log = logging.getLogger(__name__)


def start_checkout(
    cart: Cart,
    *,
    organization: Organization | None,
    by: "User | None",
    email: str = "",
    success_url: str = "",
    cancel_url: str = "",
) -> CheckoutSession:
    """A hosted page on which to pay for a cart. Our row comes first, so that asking again opens no second page."""
    wishes = {
        "organization": organization,
        "created_by": by,
        "email": email,
        "success_url": success_url or _page("checkout-return") + "?session={CHECKOUT_SESSION_ID}",
        "cancel_url": cancel_url or _page("checkout-canceled"),
    }
    # A guest has no scope of their own.
    with scoping.using(scoping.of_organizations([organization.pk]) if organization else scoping.SYSTEM):
        if organization is not None and by is not None and cart.price.kind == Price.Kind.RECURRING:
            held = offers.present(cart.price.plan, organization)
            if held is not None:
                return offers.open_offer(held, cart, by=by, success_url=success_url, cancel_url=cancel_url)
        return open_checkout(cart, wishes)


def open_checkout(cart: Cart, wishes: Mapping[str, Any]) -> CheckoutSession:
    """The page for these wishes: the one they have already, or a new one. In a scope that reaches the buyer."""
    organization = wishes["organization"]
    if organization is not None and cart.price.kind == Price.Kind.RECURRING:
        _refuse_second(cart.price.plan, organization)
    if cart.coupon is not None:
        _let_go(cart.coupon, cart, wishes)
    row = _open_row(cart, wishes)
    _close_earlier(row)
    return row if row.url else _open_page(row)


def _refuse_second(plan: Plan, organization: Organization) -> None:
    if offers.present(plan, organization) is not None:
        raise Conflict(f"{organization} has a subscription to {plan.product} already: change that one.")
    entitlements.refuse_covered(plan, organization)


def _page(name: str, *parts: str) -> str:
    return f"{settings.BASE_URL}{reverse(f'portal:{name}', args=parts)}"


@transaction.atomic
def _open_row(cart: Cart, wishes: Mapping[str, Any]) -> CheckoutSession:
    """The caller's own open try with the same wishes, else a new one. Guests cannot be told apart."""
    if wishes["organization"] is not None:
        # Two that ask at once take turns here, so that the later one sees the earlier.
        Organization.objects.select_for_update().get(pk=wishes["organization"].pk)
        found = _same_open(cart, wishes)
        if found is not None:
            return found
    price = cart.price
    row = CheckoutSession.objects.create(
        plan=price.plan,
        plan_version=price.plan.current,
        price=price,
        quantity=cart.item.quantity,
        trial_days=cart.trial_days,
        **wishes,
    )
    audit.record("checkout.start", row, by=row.created_by, changes={"plan": price.plan.code})
    carts.store(cart, row)
    return row


def _same_open(cart: Cart, wishes: Mapping[str, Any]) -> CheckoutSession | None:
    recent = CheckoutSession.objects.filter(
        price=cart.price,
        subscription=None,
        status=CheckoutSession.Status.OPEN,
        created_at__gt=clock.now() - REUSE,
        **wishes,
    )
    return next((row for row in recent.select_related("price") if carts.stored(row) == cart), None)


def _let_go(coupon: Coupon, cart: Cart, wishes: Mapping[str, Any]) -> None:
    """Whoever left another page with this coupon open uses it here: a use is held for the latest page only."""
    held = CouponRedemption.objects.filter(
        coupon=coupon, organization=wishes["organization"], status=CouponRedemption.Status.RESERVED
    )
    elsewhere = held.select_related("checkout__organization", "checkout__plan", "checkout__price").first()
    if elsewhere is not None and elsewhere.checkout is not None and elsewhere.checkout != _same_open(cart, wishes):
        _close(elsewhere.checkout)


def _close_earlier(row: CheckoutSession) -> None:
    """Whoever left an earlier page for the same product open could pay on both: only the latest stays."""
    if row.organization is None or row.is_one_off:
        return
    # However old: a row may have got its page long after it was made.
    living = CheckoutSession.objects.filter(organization=row.organization, status=CheckoutSession.Status.OPEN)
    same = living.filter(plan__product=row.plan.product_id, price__kind=Price.Kind.RECURRING, subscription=None)
    for each in same.filter(pk__lt=row.pk).select_related("organization", "plan", "price"):
        _close(each)


def _close(row: CheckoutSession) -> None:
    """Nobody can pay on its page any more; where somebody just has, that is a conflict."""
    try:
        # One without a page may be about to get it: asking the same again tells which.
        page = row if row.url else _open_page(row)
    except ProviderRefused:
        # It has no page and never gets one: what it waits for is in nobody's way.
        _leave_open(row, status=CheckoutSession.Status.EXPIRED)
        return
    if provider().close_checkout(page.provider_session_id, key=f"checkout:{page.pk}:close").status == "complete":
        raise Conflict(f"{row.plan} has been paid for a moment ago. It appears here shortly.")
    _leave_open(row, status=CheckoutSession.Status.EXPIRED)


def _open_page(row: CheckoutSession) -> CheckoutSession:
    """Ask the provider for the page. A crash after its answer repeats the question, under the same key."""
    customer_id = accounts.customer_of(row.organization) if row.organization else ""
    cart = carts.stored(row)
    fact = provider().open_checkout(
        CheckoutSpec(
            reference=str(row.pk),
            after_trial=cast("Literal['pause', 'cancel']", row.plan_version.after_trial),
            price_id=row.price.provider_price_id,
            customer_id=customer_id,
            email=row.email,
            success_url=row.success_url,
            cancel_url=row.cancel_url,
            metadata={},
            quantity=row.quantity,
            mode="payment" if row.is_one_off else "subscription",
            # A subscription has invoices of itself; what is paid once is invoiced where it is asked for.
            invoiced=row.is_one_off,
            items=[ItemSpec(item.price.provider_price_id, item.quantity) for item in cart.add_ons],
            coupon_id=coupons.published(cart.coupon) if cart.coupon else "",
            trial_days=cart.trial_days,
        ),
        key=f"checkout:{row.pk}",
    )
    row.provider_session_id, row.provider_customer_id, row.url = fact.id, customer_id, fact.url
    row.save(update_fields=["provider_session_id", "provider_customer_id", "url"])
    return row


def complete_checkout(purchase: CheckoutSession, snapshot: Snapshot) -> bool:
    """Take in what became of an open checkout; False while nothing did. Runs in a transaction that holds the row."""
    fact = snapshot.checkout
    if fact is not None and fact.status == "expired":
        return _leave_open(purchase, status=CheckoutSession.Status.EXPIRED)
    if fact is not None and _has_failed(fact, snapshot):
        return _fail(purchase, fact)
    if fact is None or not _is_paid(fact) or (snapshot.subscription is None and not purchase.is_one_off):
        return False
    if not _leave_open(purchase, status=CheckoutSession.Status.COMPLETED, **_learned(fact)):
        return False
    buyer = buyer_of(purchase)
    if buyer is None:
        _ask_to_confirm(purchase)
    else:
        _hand_over(purchase, buyer, snapshot)
    return True


def _is_paid(fact: CheckoutFact) -> bool:
    return fact.status == "complete" and fact.payment_status in PAID


def _has_failed(fact: CheckoutFact, snapshot: Snapshot) -> bool:
    """Whether the debit that was promised on the page did not come, and nothing more is tried."""
    if fact.status != "complete" or fact.payment_status in PAID:
        return False
    if snapshot.subscription is not None:
        return snapshot.subscription.status in Subscription.ENDED
    return bool(snapshot.payments) and all(payment.status in GIVEN_UP for payment in snapshot.payments)


def _fail(purchase: CheckoutSession, fact: CheckoutFact) -> bool:
    """Nothing was bought, and whoever believes they did is told."""
    if not _leave_open(purchase, status=CheckoutSession.Status.FAILED, **_learned(fact)):
        return False
    audit.record("checkout.fail", purchase, by=None, changes={"plan": purchase.plan.code})
    to = purchase.organization.billing_email if purchase.organization else fact.email
    context = {"plan": purchase.plan.name, "url": _page("pricing")}
    mail.queue("billing/checkout_failed", to, context, key=f"checkout.failed:{purchase.pk}")
    return True


def _learned(fact: CheckoutFact) -> dict[str, object]:
    """What the buyer told the provider; for a guest this is all we know of them."""
    return {
        "email": fact.email,
        "provider_session_id": fact.id,
        "provider_customer_id": fact.customer_id,
        "provider_subscription_id": fact.subscription_id,
        "completed_at": clock.now(),
    }


@transaction.atomic
def _leave_open(purchase: CheckoutSession, **changes: object) -> bool:
    """Compare and set: whatever follows from leaving OPEN happens once. The coupon is used, or free again."""
    still_open = CheckoutSession.objects.filter(pk=purchase.pk, status=CheckoutSession.Status.OPEN)
    left = still_open.update(**changes) == 1
    purchase.refresh_from_db()
    held = CouponRedemption.objects.filter(checkout=purchase).select_related("coupon").first() if left else None
    if held is not None:
        (coupons.redeem if purchase.status == CheckoutSession.Status.COMPLETED else coupons.release)(held)
    return left


def end_stale() -> dict[str, int]:
    """What no event ended: pages that are long over are asked for, so that nothing is lost and no coupon stays held."""
    begun = CheckoutSession.objects.filter(status=CheckoutSession.Status.OPEN, subscription=None)
    stale = begun.filter(created_at__lt=clock.now() - 2 * PAGE_LIFE).order_by("created_at")
    return {"ended": sum(_end(row) for row in stale[:TOGETHER])}


def _end(row: CheckoutSession) -> bool:
    """A page that we never learned of was never shown to anybody, and on one that is gone nobody paid.

    Any other is what the provider says it is.
    """
    if not row.provider_session_id:
        return _leave_open(row, status=CheckoutSession.Status.EXPIRED)
    try:
        snapshot = provider().snapshot(COMPLETED, row.provider_session_id)
    except ProviderError as error:
        log.warning("Checkout %s: %s", row.pk, error.message)
        return False
    with transaction.atomic():
        held = CheckoutSession.objects.select_for_update().get(pk=row.pk)
        if snapshot is None:
            return _leave_open(held, status=CheckoutSession.Status.EXPIRED)
        return held.status == CheckoutSession.Status.OPEN and complete_checkout(held, snapshot)


def _hand_over(purchase: CheckoutSession, buyer: Buyer, snapshot: Snapshot) -> None:
    """The purchase is the buyer's: record it in their organization, and tell whoever is above."""
    purchase.organization, purchase.created_by = buyer.organization, buyer.person
    purchase.save(update_fields=["organization", "created_by"])
    accounts.open_account(buyer.organization, purchase.provider_customer_id)
    subscription = _begun(purchase, buyer, snapshot)
    audit.record("checkout.complete", purchase, by=buyer.person, changes={"plan": purchase.plan.code})
    purchases.record(purchase, buyer.organization, subscription, snapshot.checkout)
    if subscription is None:
        alone.record(snapshot, buyer.organization)
    else:
        checkout_completed.send(CheckoutSession, subscription=subscription, by=buyer.person, checkout=purchase)


def _begun(purchase: CheckoutSession, buyer: Buyer, snapshot: Snapshot) -> Subscription | None:
    """The subscription that a checkout began; a single payment begins none."""
    if snapshot.subscription is None:
        return None
    return subscriptions.record_purchase(
        snapshot,
        organization=buyer.organization,
        version=purchase.plan_version,
        tenant=purchase.consumer_tenant,
    )


def _ask_to_confirm(purchase: CheckoutSession) -> None:
    """The address has an account, but anybody can type an address: its holder must say that it was them."""
    token = tokens.new("claim")
    purchase.claim, purchase.claim_digest = CheckoutSession.Claim.PENDING, tokens.digest(token)
    purchase.save(update_fields=["claim", "claim_digest"])
    context = {"plan": purchase.plan.name, "url": _page("checkout-claim", token)}
    mail.queue("billing/checkout_claim", purchase.email, context, key=f"checkout.claim:{purchase.pk}")
    audit.record("checkout.await_confirmation", purchase, by=None)


def confirm_claim(token: str, *, by: "User") -> CheckoutSession:
    """The holder of the address says that the purchase is theirs: everything that waited for it opens now.

    Whatever was bought, once or for a time, belongs to an organization of theirs from then on.
    """
    with scoping.system():
        purchase = _claimable(token, by)
        snapshot = provider().snapshot(COMPLETED, purchase.provider_session_id)
        with transaction.atomic():
            pending = CheckoutSession.objects.filter(pk=purchase.pk, claim=CheckoutSession.Claim.PENDING)
            if not pending.update(claim=CheckoutSession.Claim.CONFIRMED, claim_digest=""):
                raise _used()
            purchase.refresh_from_db()
            if snapshot is None or not (snapshot.subscription or purchase.is_one_off):
                raise Conflict("The payment provider does not know this purchase any more.")
            _hand_over(purchase, claimant(by), snapshot)
    return purchase


def _claimable(token: str, by: "User") -> CheckoutSession:
    purchase = CheckoutSession.objects.filter(claim_digest__in=tokens.digests(token)).first()
    if purchase is None:
        raise _used()
    if purchase.email.lower() != by.email.lower():
        raise NotAllowed("This purchase was made with another address. Sign in with the one the link was sent to.")
    return purchase


def _used() -> NotFound:
    return NotFound("This link is not valid any more: it works once.")
