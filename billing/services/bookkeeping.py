"""What each fact does to the books. A fact's amounts follow from its own row, so it does not matter what came before.

Debits are positive. A customer's receivable grows by what they are asked for and shrinks by whatever settles it.
"""

from collections.abc import Mapping, Sequence

from billing.models import CreditNote, Dispute, Invoice, Payment, Refund, WalletGrant, WalletMovement
from billing.services import ledger
from billing.services.ledger import Account, Kind, Posting

Amounts = Mapping[Account, int]

# Against which account credits of a kind are given.
FUNDED_BY = {
    WalletGrant.Kind.PROMOTION: Account.PROMOTIONS,
    WalletGrant.Kind.PREPAID: Account.RECEIVABLE,
    WalletGrant.Kind.CREDIT_NOTE: Account.RECEIVABLE,
}
# Where what was paid for and never used goes.
FORFEITED_TO = {
    WalletGrant.Kind.PROMOTION: Account.PROMOTIONS,
    WalletGrant.Kind.PREPAID: Account.REVENUE,
    WalletGrant.Kind.CREDIT_NOTE: Account.REVENUE,
}


def _fact(row: Invoice | Payment | Refund | CreditNote | Dispute, what: str, kind: Kind, amounts: Amounts) -> Posting:
    return Posting(
        key=f"{row._meta.model_name}:{row.pk}:{what}",
        kind=kind,
        source=row,
        organization_id=row.organization_id,
        currency=row.currency,
        amounts=amounts,
    )


def _reversed(amounts: Amounts) -> Amounts:
    return {account: -amount for account, amount in amounts.items()}


def finalized(invoice: Invoice) -> Posting:
    """The customer owes the total; what of it is tax is owed to the state."""
    total, tax = invoice.total_minor, invoice.tax_minor
    amounts = {Account.RECEIVABLE: total, Account.REVENUE: tax - total, Account.TAX_PAYABLE: -tax}
    return _fact(invoice, "finalized", Kind.INVOICE, amounts)


def voided(invoice: Invoice) -> Posting:
    """As if it had never been: the same the other way round."""
    return _fact(invoice, "voided", Kind.VOID, _reversed(finalized(invoice).amounts))


def written_off(invoice: Invoice, amount_minor: int) -> Posting:
    """What the customer will not pay is our loss."""
    amounts = {Account.BAD_DEBT: amount_minor, Account.RECEIVABLE: -amount_minor}
    return _fact(invoice, "written-off", Kind.WRITE_OFF, amounts)


def recovered(invoice: Invoice, amount_minor: int) -> Posting:
    """It was written off, and paid after all."""
    amounts = {Account.RECEIVABLE: amount_minor, Account.BAD_DEBT: -amount_minor}
    return _fact(invoice, "recovered", Kind.RECOVERY, amounts)


def paid(payment: Payment) -> Sequence[Posting]:
    """The provider holds the money for us, less its fee."""
    amount, fee = payment.amount_minor, payment.fee_minor
    return [
        _fact(payment, "succeeded", Kind.PAYMENT, {Account.PROVIDER_CLEARING: amount, Account.RECEIVABLE: -amount}),
        _fact(payment, "fee", Kind.FEE, {Account.FEES: fee, Account.PROVIDER_CLEARING: -fee}),
    ]


def refunded(refund: Refund) -> Posting:
    """The provider gives money back; the credit note that goes with it takes the claim back."""
    amounts = {Account.RECEIVABLE: refund.amount_minor, Account.PROVIDER_CLEARING: -refund.amount_minor}
    return _fact(refund, "moved", Kind.REFUND, amounts)


def refund_failed(refund: Refund) -> Posting:
    """The customer's bank would not have it: the money is the provider's again."""
    return _fact(refund, "failed", Kind.REFUND_FAILED, _reversed(refunded(refund).amounts))


def credited(note: CreditNote) -> Posting:
    """Less was sold than was invoiced, and less tax is due."""
    total, tax = note.total_minor, note.tax_minor
    amounts = {Account.REVENUE: total - tax, Account.TAX_PAYABLE: tax, Account.RECEIVABLE: -total}
    return _fact(note, "issued", Kind.CREDIT_NOTE, amounts)


def credit_voided(note: CreditNote) -> Posting:
    """It was not lessened after all."""
    return _fact(note, "voided", Kind.CREDIT_NOTE_VOID, _reversed(credited(note).amounts))


def disputed(dispute: Dispute) -> Sequence[Posting]:
    """The bank takes the amount until somebody decided, and the provider a fee; then both are back, or lost."""
    amount, fee, returned = dispute.amount_minor, dispute.fee_minor, dispute.fee_returned_minor
    taken = {Account.DISPUTED: amount, Account.PROVIDER_CLEARING: -amount}
    postings = [
        _fact(dispute, "opened", Kind.DISPUTE, taken),
        _fact(dispute, "fee", Kind.FEE, {Account.FEES: fee, Account.PROVIDER_CLEARING: -fee}),
    ]
    if returned:
        back = {Account.PROVIDER_CLEARING: returned, Account.FEES: -returned}
        postings.append(_fact(dispute, "fee-returned", Kind.FEE, back))
    if dispute.status == Dispute.Status.WON:
        postings.append(_fact(dispute, "won", Kind.DISPUTE_WON, _reversed(taken)))
    if dispute.status == Dispute.Status.LOST:
        gone = {Account.BAD_DEBT: amount, Account.DISPUTED: -amount}
        postings.append(_fact(dispute, "lost", Kind.DISPUTE_LOST, gone))
    return postings


def granted(grant: WalletGrant) -> Posting:
    """We owe the customer what the credits are worth; who funds them depends on their kind."""
    amounts = {FUNDED_BY[WalletGrant.Kind(grant.kind)]: grant.amount_minor, Account.WALLET: -grant.amount_minor}
    return _of_wallet(grant, grant, Kind.GRANT, amounts)


def moved(movement: WalletMovement) -> Posting:
    """Used credits settle what is owed, expired ones are ours again, returned ones are owed to whoever paid them.

    Those given back had settled what is owed no longer: the same the other way round.
    """
    grant = movement.grant
    kind, against = {
        WalletMovement.Kind.BURN: (Kind.BURN, Account.RECEIVABLE),
        WalletMovement.Kind.RESTORE: (Kind.CREDITS_RESTORED, Account.RECEIVABLE),
        WalletMovement.Kind.EXPIRY: (Kind.EXPIRY, FORFEITED_TO[WalletGrant.Kind(grant.kind)]),
        WalletMovement.Kind.RETURN: (Kind.CREDITS_RETURNED, FUNDED_BY[WalletGrant.Kind(grant.kind)]),
    }[WalletMovement.Kind(movement.kind)]
    amounts = {Account.WALLET: movement.taken_minor, against: -movement.taken_minor}
    return _of_wallet(movement, grant, kind, amounts)


def _of_wallet(row: WalletGrant | WalletMovement, grant: WalletGrant, kind: Kind, amounts: Amounts) -> Posting:
    return Posting(
        key=f"{row._meta.model_name}:{row.pk}",
        kind=kind,
        source=row,
        organization_id=grant.wallet.organization_id,
        currency=grant.wallet.currency,
        amounts=amounts,
    )


def post(*postings: Posting) -> int:
    """Post facts in the transaction that records them; gives how many were new."""
    return ledger.post_all(postings)
