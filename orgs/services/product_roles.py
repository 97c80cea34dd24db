"""Roles of members in products: given by people, by joining, by directories and identity providers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from orgs.models import Membership, Organization, Product, RoleGrant
from orgs.services import authority, ownership
from platform_core.errors import InvalidInput
from platform_core.services import audit

if TYPE_CHECKING:
    from identity.models import User

# Product code to role.
ProductRoles = Mapping[str, str]
# A role, and where it comes from.
Given = tuple[str, str]


@dataclass(frozen=True)
class EffectiveRole:
    """What a member is in one product, and where that comes from."""

    product: Product
    role: str
    sources: Sequence[str]


def products() -> list[Product]:
    """Those in which people have roles."""
    return [product for product in Product.objects.all() if product.role_options]


def check(given: ProductRoles, *, field: str = "product_roles") -> ProductRoles:
    """Refuse, by name, products and roles that there are not."""
    options = {product.code: product.role_options for product in products()}
    bad = [
        f"{code}: one of {', '.join(options[code])}." if code in options else f"{code}: no product with roles."
        for code, role in given.items()
        if role not in options.get(code, ())
    ]
    if bad:
        raise InvalidInput("There is no such role in a product.", details={field: bad})
    return given


def of_member(member: Membership) -> list[EffectiveRole]:
    """The strongest role in each product, in the order of the products."""
    return of_members([member])[member.pk]


def of_members(members: Iterable[Membership]) -> dict[UUID, list[EffectiveRole]]:
    """The same of many, by the member's id: two questions, however many they are."""
    held: dict[UUID, dict[UUID, list[Given]]] = {member.pk: {} for member in members}
    columns = "membership_id", "product_id", "role", "source"
    for member_id, product_id, role, source in RoleGrant.objects.filter(membership__in=[*held]).values_list(*columns):
        held[member_id].setdefault(product_id, []).append((role, source))
    products = list(Product.objects.all())
    return {
        member_id: [_effective(product, given[product.pk]) for product in products if product.pk in given]
        for member_id, given in held.items()
    }


@transaction.atomic
def set_for(member: Membership, given: ProductRoles, *, by: "User") -> Membership:
    """Replace what people gave; a role that a directory or an identity provider gave stays theirs to take."""
    organization = ownership.lock(member.organization)
    held = Membership.objects.select_for_update(of=("self",)).filter(organization=organization).get(pk=member.pk)
    authority.of(organization, by).require_reach(held)
    replace(held, check(given), by=by)
    return held


def replace(member: Membership, given: ProductRoles, *, by: "User") -> None:
    """The same for a caller who holds the lock and has checked what is given. No change leaves no event."""
    before = dict(member.grants.given_by_people().values_list("product__code", "role"))
    if before == given:
        return
    member.grants.given_by_people().delete()
    _insert(member, given, RoleGrant.Source.MANUAL)
    changes = {"product_roles": [before, dict(given)]}
    product = concerned(before, given)
    audit.record("membership.update_product_roles", member, by=by, changes=changes, product=product)


def concerned(before: ProductRoles, after: ProductRoles) -> str:
    """The one product in which roles differ: an event concerns one product, or none in particular."""
    differing = [code for code in {**before, **after} if before.get(code) != after.get(code)]
    return differing[0] if len(differing) == 1 else ""


def begin_with(member: Membership, given: ProductRoles, organization: Organization) -> None:
    """What somebody who joins starts with: what they were invited to, and the organization's defaults beside it."""
    _insert(member, given, RoleGrant.Source.MANUAL)
    defaults = organization.default_product_roles.items()
    _insert(member, {code: role for code, role in defaults if code not in given}, RoleGrant.Source.DEFAULT)


def _insert(member: Membership, given: ProductRoles, source: RoleGrant.Source) -> None:
    known = {product.code: product for product in Product.objects.filter(code__in=given)}
    # A product or a role may have been withdrawn since it was written down.
    RoleGrant.objects.bulk_create(
        RoleGrant(membership=member, product=known[code], role=role, source=source)
        for code, role in given.items()
        if code in known and role in known[code].role_options
    )


def _effective(product: Product, given: Sequence[Given]) -> EffectiveRole:
    """Roles are listed from the strongest to the weakest; one that is not listed any more is shown as it was given."""
    roles = {role for role, _ in given}
    strongest = next((role for role in product.role_options if role in roles), given[0][0])
    return EffectiveRole(product, strongest, sorted({source for _, source in given}))
