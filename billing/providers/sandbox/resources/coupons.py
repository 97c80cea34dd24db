"""/v1/coupons and /v1/promotion_codes"""

from billing.providers.sandbox.behaviour import discounting
from billing.providers.sandbox.books import Books
from billing.providers.sandbox.errors import Invalid
from billing.providers.sandbox.models import Record
from billing.providers.sandbox.paging import Listing
from billing.providers.sandbox.parameters import (
    EXPAND,
    PAGE,
    Boolean,
    Choice,
    Currency,
    Decimal,
    Group,
    Integer,
    Many,
    Metadata,
    Required,
    Text,
    merged,
)
from billing.providers.sandbox.shapes import Json
from billing.providers.sandbox.shapes import coupons as shapes

CREATE = {
    "amount_off": Integer(at_least=1),
    "applies_to": Group({"products": Many(Text(), longest=100)}),
    "currency": Currency(),
    "duration": Choice(("forever", "once", "repeating")),
    "duration_in_months": Integer(at_least=1, at_most=36),
    "id": Text(longest=200),
    "max_redemptions": Integer(at_least=1),
    "metadata": Metadata(),
    "name": Text(longest=40),
    "percent_off": Decimal(),
    "redeem_by": Integer(),
    **EXPAND,
}
UPDATE = {"metadata": Metadata(), "name": Text(longest=40, clearable=True), **EXPAND}
LIST = PAGE
CREATE_CODE = {
    "active": Boolean(),
    "code": Text(longest=500),
    "expires_at": Integer(),
    "max_redemptions": Integer(at_least=1),
    "metadata": Metadata(),
    "promotion": Required(Group({"coupon": Required(Text()), "type": Required(Choice(("coupon",)))})),
    "restrictions": Group({"first_time_transaction": Boolean()}),
    **EXPAND,
}
UPDATE_CODE = {"active": Boolean(), "metadata": Metadata(), **EXPAND}
LIST_CODES = {**PAGE, "active": Boolean(), "code": Text(), "coupon": Text()}
HIGHEST_PERCENT = 100


def create(books: Books, params: Json) -> Json:
    """A percentage or an amount off: once, for some months, or for ever."""
    if ("percent_off" in params) == ("amount_off" in params):
        raise Invalid("Say either `percent_off` or `amount_off`.", code="parameter_missing", param="percent_off")
    if "percent_off" in params and not 0 < float(params["percent_off"]) <= HIGHEST_PERCENT:
        raise Invalid("percent_off must be greater than 0 and at most 100.", param="percent_off")
    if "amount_off" in params and "currency" not in params:
        raise Invalid("Missing required param: currency.", code="parameter_missing", param="currency")
    if (params.get("duration") == "repeating") != ("duration_in_months" in params):
        raise Invalid("`duration_in_months` is for a repeating coupon.", param="duration_in_months")
    if "id" in params and Record.objects.filter(object_id=params["id"]).exists():
        raise Invalid(f"Coupon already exists: {params['id']}", code="resource_already_exists", param="id")
    return books.add(shapes.coupon(params, at=books.now), "coupon.created")


def retrieve(books: Books, params: Json, coupon_id: str) -> Json:
    """One coupon, and whether it can still be redeemed."""
    coupon = books.get("coupon", coupon_id)
    return {**coupon, "valid": discounting.is_valid(coupon, books.now)}


def update(books: Books, params: Json, coupon_id: str) -> Json:
    """Its name and metadata; what it takes off never changes."""
    coupon = books.get("coupon", coupon_id)
    if "name" in params:
        coupon["name"] = params["name"]
    if "metadata" in params:
        coupon["metadata"] = merged(coupon["metadata"], params["metadata"])
    return books.change(coupon, "coupon.updated")


def delete(books: Books, params: Json, coupon_id: str) -> Json:
    """Nobody redeems it any more; who has it keeps it."""
    coupon = books.get("coupon", coupon_id)
    books.change({**coupon, "redeem_by": books.now, "valid": False}, "coupon.deleted")
    return {"id": coupon_id, "object": "coupon", "deleted": True}


def listing(books: Books, params: Json) -> Listing:
    """All coupons."""
    return Listing(books.rows("coupon"))


def create_code(books: Books, params: Json) -> Json:
    """A code for a coupon; of two active codes of one name nobody would know which."""
    coupon = books.get("coupon", params["promotion"]["coupon"], "promotion[coupon]")
    discounting.must_be_valid(books, coupon)
    code = shapes.promotion_code(params, at=books.now)
    if discounting.find_code(books, code["code"]):
        raise Invalid("An active promotion code with this code already exists.", param="code")
    return books.add(code, "promotion_code.created")


def retrieve_code(books: Books, params: Json, code_id: str) -> Json:
    """One code."""
    return books.get("promotion_code", code_id)


def update_code(books: Books, params: Json, code_id: str) -> Json:
    """Put a code away, or bring it back."""
    code = books.get("promotion_code", code_id)
    if "active" in params:
        code["active"] = params["active"]
    if "metadata" in params:
        code["metadata"] = merged(code["metadata"], params["metadata"])
    return books.change(code, "promotion_code.updated")


def codes(books: Books, params: Json) -> Listing:
    """Codes, by what is typed, by coupon and by activity."""
    rows = books.rows("promotion_code")
    if "code" in params:
        rows = rows.filter(lookup=params["code"].upper())
    if "coupon" in params:
        rows = rows.filter(product=params["coupon"])
    if "active" in params:
        rows = rows.filter(status="active" if params["active"] else "inactive")
    return Listing(rows)
