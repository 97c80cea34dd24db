"""The sandbox takes no parameter that the pinned library does not know, and demands all that it demands."""

import re
from typing import Any

import pytest
import stripe.params
from stripe.params import billing_portal, checkout

from billing.providers.sandbox.parameters import Group, Kind, Many, Required, Schema
from billing.providers.sandbox.resources import (
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

# What Stripe refuses at run time although the library leaves it optional.
DEMANDED = {
    "CustomerListPaymentMethodsParams": set(),
    "InvoiceCreateParams": {"customer"},
    "InvoiceItemCreateParams": {"customer"},
    "PaymentMethodAttachParams": {"customer"},
    "PaymentMethodCreateParams": {"card", "type"},
    "PaymentMethodCreateParamsCard": {"token"},
    "PriceCreateParams": set(),
    "SessionCreateParams": {"mode", "success_url"},
    "CreditNoteCreateParams": {"amount", "invoice"},
    "PromotionCodeCreateParamsPromotion": {"coupon", "type"},
    "SubscriptionScheduleCreateParams": {"from_subscription"},
    "SessionCreateParamsLineItem": {"price"},
    "SubscriptionCreateParams": {"customer", "items"},
    "SubscriptionCreateParamsItem": {"price"},
    "InvoiceItemCreateParamsPricing": {"price"},
    "billing_portal.SessionCreateParams": {"customer"},
}
SCHEMAS = [
    (checkout, "SessionCreateParams", checkout_sessions.CREATE),
    (checkout, "SessionListParams", checkout_sessions.LIST),
    (billing_portal, "SessionCreateParams", portal_sessions.CREATE),
    (stripe.params, "BalanceTransactionListParams", money_back.BALANCE_LIST),
    (stripe.params, "CouponCreateParams", coupons.CREATE),
    (stripe.params, "CouponListParams", coupons.LIST),
    (stripe.params, "CouponUpdateParams", coupons.UPDATE),
    (stripe.params, "CreditNoteCreateParams", money_back.CREDIT_NOTE),
    (stripe.params, "CreditNoteListParams", money_back.CREDIT_NOTE_LIST),
    (stripe.params, "DisputeListParams", money_back.DISPUTE_LIST),
    (stripe.params, "DisputeUpdateParams", money_back.UPDATE_DISPUTE),
    (stripe.params, "PromotionCodeCreateParams", coupons.CREATE_CODE),
    (stripe.params, "PromotionCodeListParams", coupons.LIST_CODES),
    (stripe.params, "PromotionCodeUpdateParams", coupons.UPDATE_CODE),
    (stripe.params, "RefundCreateParams", money_back.REFUND),
    (stripe.params, "RefundListParams", money_back.REFUND_LIST),
    (stripe.params, "RefundUpdateParams", money_back.UPDATE_REFUND),
    (stripe.params, "SubscriptionResumeParams", subscriptions.RESUME),
    (stripe.params, "SubscriptionScheduleCreateParams", subscription_schedules.CREATE),
    (stripe.params, "SubscriptionScheduleListParams", subscription_schedules.LIST),
    (stripe.params, "SubscriptionScheduleUpdateParams", subscription_schedules.UPDATE),
    (stripe.params, "TaxRateCreateParams", tax_rates.CREATE),
    (stripe.params, "TaxRateListParams", tax_rates.LIST),
    (stripe.params, "TaxRateUpdateParams", tax_rates.UPDATE),
    (stripe.params, "ChargeListParams", payments.CHARGE_LIST),
    (stripe.params, "CustomerCreateParams", customers.FIELDS),
    (stripe.params, "CustomerListParams", customers.LIST),
    (stripe.params, "CustomerListPaymentMethodsParams", payment_methods.LIST_OF_CUSTOMER),
    (stripe.params, "CustomerUpdateParams", customers.FIELDS),
    (stripe.params, "EventListParams", events.LIST),
    (stripe.params, "InvoiceCreateParams", invoices.CREATE),
    (stripe.params, "InvoiceCreatePreviewParams", invoices.PREVIEW),
    (stripe.params, "InvoiceFinalizeInvoiceParams", invoices.FINALIZE),
    (stripe.params, "InvoiceItemCreateParams", invoice_items.CREATE),
    (stripe.params, "InvoiceItemListParams", invoice_items.LIST),
    (stripe.params, "InvoiceItemUpdateParams", invoice_items.UPDATE),
    (stripe.params, "InvoiceLineItemListParams", invoices.LINES),
    (stripe.params, "InvoiceListParams", invoices.LIST),
    (stripe.params, "InvoicePayParams", invoices.PAY),
    (stripe.params, "InvoicePaymentListParams", payments.INVOICE_PAYMENT_LIST),
    (stripe.params, "InvoiceUpdateParams", invoices.UPDATE),
    (stripe.params, "PaymentIntentListParams", payments.INTENT_LIST),
    (stripe.params, "PaymentMethodAttachParams", payment_methods.ATTACH),
    (stripe.params, "PaymentMethodCreateParams", payment_methods.CREATE),
    (stripe.params, "PaymentMethodListParams", payment_methods.LIST),
    (stripe.params, "PriceCreateParams", prices.CREATE),
    (stripe.params, "PriceListParams", prices.LIST),
    (stripe.params, "PriceUpdateParams", prices.UPDATE),
    (stripe.params, "ProductCreateParams", products.CREATE),
    (stripe.params, "ProductListParams", products.LIST),
    (stripe.params, "ProductUpdateParams", products.UPDATE),
    (stripe.params, "SubscriptionCancelParams", subscriptions.CANCEL),
    (stripe.params, "SubscriptionCreateParams", subscriptions.CREATE),
    (stripe.params, "SubscriptionItemListParams", subscription_items.LIST),
    (stripe.params, "SubscriptionItemUpdateParams", subscription_items.UPDATE),
    (stripe.params, "SubscriptionListParams", subscriptions.LIST),
    (stripe.params, "SubscriptionUpdateParams", subscriptions.UPDATE),
    (stripe.params, "WebhookEndpointCreateParams", webhook_endpoints.CREATE),
    (stripe.params, "WebhookEndpointListParams", webhook_endpoints.LIST),
    (stripe.params, "WebhookEndpointUpdateParams", webhook_endpoints.UPDATE),
]
# What a request carries beside its parameters.
OPTIONS = set(stripe.RequestOptions.__annotations__)


def _fields_of(kind: Kind) -> Schema | None:
    if isinstance(kind, (Required, Many)):
        return _fields_of(kind.kind if isinstance(kind, Required) else kind.of)
    return kind.fields if isinstance(kind, Group) else None


def problems(module: Any, name: str, schema: Schema) -> list[str]:
    """Where a schema and the library's declaration differ, nested objects included."""
    declared = getattr(module, name)
    own_name = f"{module.__name__.rpartition('.')[2]}.{name}"
    needed = (set(declared.__required_keys__) - OPTIONS) | DEMANDED.get(own_name, DEMANDED.get(name, set()))
    found = [f"{name}: {field} is unknown" for field in schema.keys() - declared.__annotations__.keys()]
    found += [f"{name}: {field} must be demanded" for field in needed if not isinstance(schema.get(field), Required)]
    for field, kind in schema.items():
        fields = _fields_of(kind)
        if fields is not None and field in declared.__annotations__:
            nested = re.findall(rf"{name}\w+", str(declared.__annotations__[field]))
            found += problems(module, nested[0], fields) if nested else [f"{name}: {field} is not an object"]
    return found


@pytest.mark.parametrize(("module", "name", "schema"), SCHEMAS, ids=[name for _, name, _ in SCHEMAS])
def test_schema_is_part_of_what_the_library_declares(module: Any, name: str, schema: Schema) -> None:
    assert problems(module, name, schema) == []


def test_a_wrong_schema_is_noticed() -> None:
    wrong: Schema = {
        "colour": prices.CREATE["active"],
        "currency": prices.FIELDS["nickname"],
        "unit_amount": prices.CREATE["unit_amount"],
        "recurring": Group({"phase_of_moon": prices.CREATE["active"], "interval": prices.RECURRING["interval"]}),
        "nickname": Group({}),
    }

    assert problems(stripe.params, "PriceCreateParams", wrong) == [
        "PriceCreateParams: colour is unknown",
        "PriceCreateParams: currency must be demanded",
        "PriceCreateParamsRecurring: phase_of_moon is unknown",
        "PriceCreateParams: nickname is not an object",
    ]
