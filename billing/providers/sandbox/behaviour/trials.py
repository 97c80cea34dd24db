"""Trials: told of three days before they end, and then the first paid period begins."""

from billing.providers.sandbox.behaviour import charging, ending, invoicing, subscribing
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.shapes import Json


def advance(books: Books, subscription: Json) -> None:
    """What is due of a trial: the word that it ends, or its end."""
    if not subscription["_trial_told"]:
        subscription["_trial_told"] = True
        books.change(subscription)
        books.announce("customer.subscription.trial_will_end", subscription)
        return
    end(books, subscription)


def end(books: Books, subscription: Json) -> None:
    """Without anything to charge it goes as its settings say; else it renews like any other."""
    customer = books.get("customer", subscription["customer"])
    method = subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    behavior = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
    if not method and behavior == "pause":
        subscription["status"] = "paused"
        books.change(subscription, "customer.subscription.updated")
        books.announce("customer.subscription.paused", subscription)
    elif not method and behavior == "cancel":
        ending.end(books, subscription, reason=None)
    else:
        subscription["status"] = "active"
        subscribing.renew(books, subscription)


def resume(books: Books, subscription: Json) -> Json:
    """A paused subscription begins a period now, and is billed for it at once; what a bank does not pay is past due."""
    subscription.update(status="active", billing_cycle_anchor=books.now, _period_end=books.now)
    subscribing.renew(books, subscription)
    invoice = invoicing.finalize(books, books.get("invoice", subscription["latest_invoice"]))
    if invoice["status"] == "open":
        charging.collect(books, invoice, automatic=True)
    books.announce("customer.subscription.resumed", books.get("subscription", subscription["id"]))
    return books.get("subscription", subscription["id"])
