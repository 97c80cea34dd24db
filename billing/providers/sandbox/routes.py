"""Table of contents: every address the sandbox answers, with what it takes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from billing.providers.sandbox.errors import NoSuchPath
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import EXPAND, Schema
from billing.providers.sandbox.resources import (
    accounts,
    checkout_sessions,
    coupons,
    customers,
    events,
    invoice_items,
    invoices,
    money_back,
    payment_methods,
    payments,
    portal_sessions,
    prices,
    products,
    subscription_items,
    subscription_schedules,
    subscriptions,
    tax_rates,
    webhook_endpoints,
)
from billing.providers.sandbox.shapes import Json


@dataclass(frozen=True)
class Route:
    """A method and an address; `{}` stands for an id, which the handler gets after the parameters."""

    method: str
    path: str
    handler: Callable[..., Json | Listing]
    schema: Schema


ROUTES = (
    Route("GET", "/v1/account", accounts.retrieve, EXPAND),
    Route("GET", "/v1/accounts/{}", accounts.retrieve, EXPAND),
    Route("GET", "/v1/balance_transactions", money_back.balance_transactions, money_back.BALANCE_LIST),
    Route("GET", "/v1/balance_transactions/{}", money_back.balance_transaction, EXPAND),
    Route("POST", "/v1/billing_portal/sessions", portal_sessions.create, portal_sessions.CREATE),
    Route("GET", "/v1/charges", payments.charges, payments.CHARGE_LIST),
    Route("GET", "/v1/charges/{}", payments.charge, EXPAND),
    Route("GET", "/v1/checkout/sessions", checkout_sessions.listing, checkout_sessions.LIST),
    Route("POST", "/v1/checkout/sessions", checkout_sessions.create, checkout_sessions.CREATE),
    Route("GET", "/v1/checkout/sessions/{}", checkout_sessions.retrieve, EXPAND),
    Route("POST", "/v1/checkout/sessions/{}/expire", checkout_sessions.expire, EXPAND),
    Route("GET", "/v1/checkout/sessions/{}/line_items", checkout_sessions.line_items, EXPAND),
    Route("GET", "/v1/coupons", coupons.listing, coupons.LIST),
    Route("POST", "/v1/coupons", coupons.create, coupons.CREATE),
    Route("GET", "/v1/coupons/{}", coupons.retrieve, EXPAND),
    Route("POST", "/v1/coupons/{}", coupons.update, coupons.UPDATE),
    Route("DELETE", "/v1/coupons/{}", coupons.delete, {}),
    Route("GET", "/v1/credit_notes", money_back.credit_notes, money_back.CREDIT_NOTE_LIST),
    Route("POST", "/v1/credit_notes", money_back.credit, money_back.CREDIT_NOTE),
    Route("GET", "/v1/credit_notes/{}", money_back.credit_note, EXPAND),
    Route("GET", "/v1/customers", customers.listing, customers.LIST),
    Route("POST", "/v1/customers", customers.create, customers.FIELDS),
    Route("GET", "/v1/customers/{}", customers.retrieve, EXPAND),
    Route("POST", "/v1/customers/{}", customers.update, customers.FIELDS),
    Route("DELETE", "/v1/customers/{}", customers.delete, {}),
    Route("GET", "/v1/customers/{}/balance_transactions", customers.adjustments, customers.ADJUSTMENTS),
    Route("POST", "/v1/customers/{}/balance_transactions", customers.adjust, customers.ADJUST),
    Route("GET", "/v1/customers/{}/payment_methods", payment_methods.listing, payment_methods.LIST_OF_CUSTOMER),
    Route("GET", "/v1/customers/{}/payment_methods/{}", payment_methods.of_customer, EXPAND),
    Route("GET", "/v1/disputes", money_back.disputes, money_back.DISPUTE_LIST),
    Route("GET", "/v1/disputes/{}", money_back.dispute, EXPAND),
    Route("POST", "/v1/disputes/{}", money_back.update_dispute, money_back.UPDATE_DISPUTE),
    Route("POST", "/v1/disputes/{}/close", money_back.close_dispute, EXPAND),
    Route("GET", "/v1/events", events.listing, events.LIST),
    Route("GET", "/v1/events/{}", events.retrieve, EXPAND),
    Route("GET", "/v1/invoice_payments", payments.invoice_payments, payments.INVOICE_PAYMENT_LIST),
    Route("GET", "/v1/invoice_payments/{}", payments.invoice_payment, EXPAND),
    Route("GET", "/v1/invoiceitems", invoice_items.listing, invoice_items.LIST),
    Route("POST", "/v1/invoiceitems", invoice_items.create, invoice_items.CREATE),
    Route("GET", "/v1/invoiceitems/{}", invoice_items.retrieve, EXPAND),
    Route("POST", "/v1/invoiceitems/{}", invoice_items.update, invoice_items.UPDATE),
    Route("DELETE", "/v1/invoiceitems/{}", invoice_items.delete, {}),
    Route("GET", "/v1/invoices", invoices.listing, invoices.LIST),
    Route("POST", "/v1/invoices", invoices.create, invoices.CREATE),
    Route("POST", "/v1/invoices/create_preview", invoices.preview, invoices.PREVIEW),
    Route("GET", "/v1/invoices/{}", invoices.retrieve, EXPAND),
    Route("POST", "/v1/invoices/{}", invoices.update, invoices.UPDATE),
    Route("DELETE", "/v1/invoices/{}", invoices.delete, {}),
    Route("POST", "/v1/invoices/{}/finalize", invoices.finalize, invoices.FINALIZE),
    Route("GET", "/v1/invoices/{}/lines", invoices.lines, invoices.LINES),
    Route("POST", "/v1/invoices/{}/mark_uncollectible", invoices.mark_uncollectible, EXPAND),
    Route("POST", "/v1/invoices/{}/pay", invoices.pay, invoices.PAY),
    Route("POST", "/v1/invoices/{}/void", invoices.void, EXPAND),
    Route("GET", "/v1/payment_intents", payments.intents, payments.INTENT_LIST),
    Route("GET", "/v1/payment_intents/{}", payments.intent, EXPAND),
    Route("GET", "/v1/payment_methods", payment_methods.listing, payment_methods.LIST),
    Route("POST", "/v1/payment_methods", payment_methods.create, payment_methods.CREATE),
    Route("GET", "/v1/payment_methods/{}", payment_methods.retrieve, EXPAND),
    Route("POST", "/v1/payment_methods/{}/attach", payment_methods.attach, payment_methods.ATTACH),
    Route("POST", "/v1/payment_methods/{}/detach", payment_methods.detach, EXPAND),
    Route("GET", "/v1/prices", prices.listing, prices.LIST),
    Route("POST", "/v1/prices", prices.create, prices.CREATE),
    Route("GET", "/v1/prices/{}", prices.retrieve, EXPAND),
    Route("POST", "/v1/prices/{}", prices.update, prices.UPDATE),
    Route("GET", "/v1/products", products.listing, products.LIST),
    Route("POST", "/v1/products", products.create, products.CREATE),
    Route("GET", "/v1/products/{}", products.retrieve, EXPAND),
    Route("POST", "/v1/products/{}", products.update, products.UPDATE),
    Route("DELETE", "/v1/products/{}", products.delete, {}),
    Route("GET", "/v1/products/{}/features", products.features, products.FEATURES),
    Route("GET", "/v1/promotion_codes", coupons.codes, coupons.LIST_CODES),
    Route("POST", "/v1/promotion_codes", coupons.create_code, coupons.CREATE_CODE),
    Route("GET", "/v1/promotion_codes/{}", coupons.retrieve_code, EXPAND),
    Route("POST", "/v1/promotion_codes/{}", coupons.update_code, coupons.UPDATE_CODE),
    Route("GET", "/v1/refunds", money_back.refunds, money_back.REFUND_LIST),
    Route("POST", "/v1/refunds", money_back.refund, money_back.REFUND),
    Route("GET", "/v1/refunds/{}", money_back.retrieve_refund, EXPAND),
    Route("POST", "/v1/refunds/{}", money_back.update_refund, money_back.UPDATE_REFUND),
    Route("GET", "/v1/setup_intents/{}", payments.setup_intent, EXPAND),
    Route("GET", "/v1/subscription_items", subscription_items.listing, subscription_items.LIST),
    Route("GET", "/v1/subscription_items/{}", subscription_items.retrieve, EXPAND),
    Route("POST", "/v1/subscription_items/{}", subscription_items.update, subscription_items.UPDATE),
    Route("GET", "/v1/subscription_schedules", subscription_schedules.listing, subscription_schedules.LIST),
    Route("POST", "/v1/subscription_schedules", subscription_schedules.create, subscription_schedules.CREATE),
    Route("GET", "/v1/subscription_schedules/{}", subscription_schedules.retrieve, EXPAND),
    Route("POST", "/v1/subscription_schedules/{}", subscription_schedules.update, subscription_schedules.UPDATE),
    Route("POST", "/v1/subscription_schedules/{}/release", subscription_schedules.release, EXPAND),
    Route("GET", "/v1/subscriptions", subscriptions.listing, subscriptions.LIST),
    Route("POST", "/v1/subscriptions", subscriptions.create, subscriptions.CREATE),
    Route("GET", "/v1/subscriptions/{}", subscriptions.retrieve, EXPAND),
    Route("POST", "/v1/subscriptions/{}", subscriptions.update, subscriptions.UPDATE),
    Route("DELETE", "/v1/subscriptions/{}", subscriptions.cancel, subscriptions.CANCEL),
    Route("POST", "/v1/subscriptions/{}/resume", subscriptions.resume, subscriptions.RESUME),
    Route("GET", "/v1/tax_rates", tax_rates.listing, tax_rates.LIST),
    Route("POST", "/v1/tax_rates", tax_rates.create, tax_rates.CREATE),
    Route("GET", "/v1/tax_rates/{}", tax_rates.retrieve, EXPAND),
    Route("POST", "/v1/tax_rates/{}", tax_rates.update, tax_rates.UPDATE),
    Route("GET", "/v1/webhook_endpoints", webhook_endpoints.listing, webhook_endpoints.LIST),
    Route("POST", "/v1/webhook_endpoints", webhook_endpoints.create, webhook_endpoints.CREATE),
    Route("GET", "/v1/webhook_endpoints/{}", webhook_endpoints.retrieve, EXPAND),
    Route("POST", "/v1/webhook_endpoints/{}", webhook_endpoints.update, webhook_endpoints.UPDATE),
    Route("DELETE", "/v1/webhook_endpoints/{}", webhook_endpoints.delete, {}),
)


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[Route, re.Pattern[str]], ...]:
    return tuple((route, re.compile(route.path.replace("{}", "([^/]+)"))) for route in ROUTES)


def find(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """The route of a request and the ids in its address."""
    for route, pattern in _patterns():
        if route.method == method and (matched := pattern.fullmatch(path)):
            return route, matched.groups()
    raise NoSuchPath(method, path)
