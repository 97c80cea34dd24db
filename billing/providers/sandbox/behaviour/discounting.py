"""Coupons at work: which discounts a subscription has, what they take off an invoice's lines, and when they end."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from billing.providers.sandbox.behaviour.periods import months_later
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import coupons as shapes

PERCENT = 100


def give(books: Books, wishes: Iterable[Json], owner: Json, *, customer: Json | None = None) -> list[str]:
    """A discount for each coupon, code or discount that is named; gives their ids. A code is used up by it."""
    return [_given(books, wish, at, owner, customer)["id"] for at, wish in enumerate(wishes)]


def _given(books: Books, wish: Json, at: int, owner: Json, customer: Json | None) -> Json:
    if "discount" in wish:
        return books.get("discount", wish["discount"], f"discounts[{at}][discount]")
    code = None
    if "promotion_code" in wish:
        code = books.get("promotion_code", wish["promotion_code"], f"discounts[{at}][promotion_code]")
        must_fit(books, code, customer)
    coupon = books.get("coupon", code["promotion"]["coupon"] if code else wish["coupon"], f"discounts[{at}][coupon]")
    must_be_valid(books, coupon)
    books.change({**coupon, "times_redeemed": coupon["times_redeemed"] + 1})
    if code:
        books.change({**code, "times_redeemed": code["times_redeemed"] + 1})
    months = coupon["duration_in_months"] if coupon["duration"] == "repeating" else None
    ends = months_later(books.now, months) if months else None
    made = shapes.discount(coupon, code, owner, ends=ends, at=books.now)
    return books.add(made, "customer.discount.created")


def must_be_valid(books: Books, coupon: Json) -> None:
    """Refuse a coupon that is used up or over."""
    if not is_valid(coupon, books.now):
        raise Invalid(f"Coupon expired: {coupon['id']}", code="coupon_expired", param="coupon")


def is_valid(coupon: Json, now: int) -> bool:
    """Whether it can still be redeemed."""
    used_up = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    return not used_up and (coupon["redeem_by"] is None or coupon["redeem_by"] > now)


def must_fit(books: Books, code: Json, customer: Json | None) -> None:
    """Refuse a code that is put away, or only for those who never bought."""
    if not code["active"] or (code["expires_at"] is not None and code["expires_at"] <= books.now):
        raise Invalid(f"This promotion code is no longer active: {code['code']}", param="promotion_code")
    used_up = code["max_redemptions"] is not None and code["times_redeemed"] >= code["max_redemptions"]
    if used_up:
        raise Invalid(f"This promotion code has been used up: {code['code']}", param="promotion_code")
    if code["restrictions"]["first_time_transaction"] and customer and has_bought(books, customer["id"]):
        raise Invalid("This promotion code is only for a first purchase.", param="promotion_code")


def has_bought(books: Books, customer_id: str) -> bool:
    """Whether the customer ever paid for anything."""
    return books.rows("payment_intent", customer=customer_id, status="succeeded").exists()


def find_code(books: Books, text: str) -> Json | None:
    """The active code of this name, whatever its case."""
    for code in books.all("promotion_code", lookup=text.strip().upper()):
        if code["active"]:
            return code
    return None


def of(books: Books, owner: Json) -> list[Json]:
    """The discounts of a subscription or an invoice that still run, in their order."""
    found = [books.get("discount", each) for each in owner["discounts"]]
    return [each for each in found if each["end"] is None or each["end"] > books.now]


def of_invoice(books: Books, invoice: Json) -> list[Json]:
    """The discounts of an invoice: they hold for it even when they have ended since."""
    return [books.get("discount", each) for each in invoice["discounts"]]


def take(books: Books, invoice: Json, subscription: Json) -> None:
    """The invoice has the discounts of its subscription; one that holds once ends with it."""
    running = of(books, subscription)
    invoice["discounts"] = [each["id"] for each in running]
    kept = [each["id"] for each in running if _coupon(books, each)["duration"] != "once"]
    if subscription["discounts"] != kept:
        subscription["discounts"] = kept


def _coupon(books: Books, discount: Json) -> Json:
    return books.get("coupon", discount["source"]["coupon"])


def net(books: Books, subscription: Json, price: Json, amount: int) -> int:
    """An amount of a subscription's after its discounts that go on."""
    for discount in of(books, subscription):
        coupon = _coupon(books, discount)
        if coupon["duration"] != "once" and _applies(coupon, price["product"]):
            amount -= _off(coupon, amount)
    return amount


def _applies(coupon: Json, product: str) -> bool:
    return not coupon["_products"] or product in coupon["_products"]


def _off(coupon: Json, amount: int) -> int:
    """What a coupon takes off an amount: never more than there is."""
    if amount <= 0:
        return 0
    if coupon["percent_off"] is None:
        return min(int(coupon["amount_off"]), amount)
    exact = Decimal(amount) * Decimal(str(coupon["percent_off"])) / PERCENT
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def apply(books: Books, discounts: list[Json], lines: list[Json]) -> None:
    """Write onto each line what each discount takes off it."""
    apply_coupons([(each["id"], _coupon(books, each)) for each in discounts], lines)


def apply_coupons(coupons: list[tuple[str, Json]], lines: list[Json]) -> None:
    """One coupon after the other, each of what the one before left; the parts sum to the whole."""
    for line in lines:
        line["discount_amounts"] = []
    for name, coupon in coupons:
        fitting = [line for line in lines if line["discountable"] and line["amount"] > 0 and _fits(coupon, line)]
        left = [line["amount"] - _taken(line) for line in fitting]
        for line, off in zip(fitting, spread(_off(coupon, sum(left)), left), strict=True):
            if off:
                line["discount_amounts"].append({"amount": off, "discount": name})


def _fits(coupon: Json, line: Json) -> bool:
    product = line["pricing"]["price_details"]["product"] if line["pricing"] else ""
    return _applies(coupon, product)


def _taken(line: Json) -> int:
    return sum(int(each["amount"]) for each in line["discount_amounts"])


def spread(whole: int, weights: list[int]) -> list[int]:
    """The whole in parts like the weights: rounded down, the rest to the largest remainders."""
    total = sum(weights)
    if not total:
        return [0] * len(weights)
    parts = [whole * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda at: (-(whole * weights[at] % total), at))
    for at in order[: whole - sum(parts)]:
        parts[at] += 1
    return parts
