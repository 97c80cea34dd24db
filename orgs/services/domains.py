"""Domains of organizations: claimed by anybody, held by whoever publishes the proof, looked at again every week."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from orgs import roles
from orgs.models import Domain, Membership, Organization
from orgs.roles import Role
from orgs.services import authority, domain_names, ownership, product_roles, seats
from platform_core import clock, context, dns, ratelimit, scoping
from platform_core.dns import Answer, Outcome
from platform_core.errors import Conflict, NotFound, PaymentRequired
from platform_core.models import new_id
from platform_core.ratelimit import Limit
from platform_core.services import audit, mail

if TYPE_CHECKING:
    from identity.models import User

MOST = 50
BY_ORGANIZATION = Limit("domain-checks", 30, 3600)
# How often a holder is told that the same organization proved its domain.
WARNINGS = Limit("domain-contests", 1, 86400)
AGAIN_AFTER = timedelta(days=7)
# Names servers have bad days; three checks in a row, a day apart, are no bad day.
AFTER_A_FAILURE = timedelta(days=1)
FAILURES = 3
AT_ONCE = 8
MOST_A_RUN = 1000


class NotProven(Conflict):
    """The record that proves the domain was not found."""

    code = "DOMAIN_NOT_PROVEN"


def add(organization: Organization, name: str, *, by: "User") -> Domain:
    """Claim a domain: it counts when its record is published and was found."""
    name = domain_names.checked(name)
    with transaction.atomic():
        held = _begin(organization, by)
        if held.domains.count() >= MOST:
            raise Conflict(f"An organization has at most {MOST} domains.")
        try:
            with transaction.atomic():
                domain = Domain.objects.create(organization=held, name=name, challenge=secrets.token_hex(20))
        except IntegrityError:
            raise Conflict("This domain is on your list already.", details={"name": ["Already there."]}) from None
        audit.record("domain.create", domain, by=by, changes={"name": name})
    return domain


@transaction.atomic
def update(domain: Domain, *, join_role: str, by: "User") -> Domain:
    """Say what people become who confirm an address of the domain; empty: nothing."""
    held = _of(_begin(domain.organization, by), domain)
    if join_role != held.join_role:
        changes = {"join_role": [held.join_role, join_role]}
        held.join_role = join_role
        held.save(update_fields=["join_role"])
        audit.record("domain.update", held, by=by, changes=changes)
    return held


@transaction.atomic
def remove(domain: Domain, *, by: "User") -> None:
    """Give a domain up. Whoever joined by it stays."""
    held = _of(_begin(domain.organization, by), domain)
    audit.record("domain.delete", held, by=by, changes={"name": held.name})
    held.delete()


def verify(domain: Domain, *, by: "User") -> Domain:
    """Look for the proof now; 409 that says what was seen instead."""
    ratelimit.require(BY_ORGANIZATION, f"organization:{domain.organization_id}")
    answer = dns.resolver().texts(domain.record_name)
    if not _proves(domain, answer):
        _note_failure(domain, answer)
        raise NotProven(_what_was_seen(domain, answer), details={"record": [domain.record_name]})
    if domain.state != Domain.State.VERIFIED:
        _ask_the_holder(domain)
    return _hold(domain, by=by)


def recheck() -> dict[str, int]:
    """Look again at the proofs that are due. Runs by the clock."""
    due = Domain.objects.verified().filter(next_check_at__lte=clock.now()).select_related("organization")
    domains = list(due.order_by("next_check_at")[:MOST_A_RUN])
    resolver = dns.resolver()
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        answers = list(pool.map(resolver.texts, [domain.record_name for domain in domains]))
    lost = [_note(domain, answer) for domain, answer in zip(domains, answers, strict=True)]
    return {"checked": len(domains), "lost": sum(lost)}


def join(user: "User") -> Membership | None:
    """Let a person who has just confirmed their address into the organization that holds its domain and wants that.

    Call it in the transaction that confirms the address. Where no seat is left nothing happens but an event.
    """
    domain = _inviting(user)
    if domain is None:
        return None
    try:
        organization = ownership.lock(domain.organization)
        if Membership.ALL.filter(organization=organization, user=user).exists():
            return None
        seats.require(organization)
    except (NotFound, PaymentRequired):
        audit.record("domain.refuse_join", domain, by=None, changes={"user": str(user.pk)})
        return None
    member = Membership.objects.create(
        organization=organization, user=user, role=domain.join_role, managed_by=Membership.ManagedBy.DOMAIN
    )
    product_roles.begin_with(member, {}, organization)
    changes = {"role": member.role_key, "domain": domain.name}
    audit.record("membership.join_by_domain", member, by=user, changes=changes)
    values = {"name": user.name, "organization": organization.name, "domain": domain.name, "url": settings.BASE_URL}
    mail.queue("orgs/joined", user.email, values, key=f"domain.join:{member.pk}", organization_id=organization.pk)
    return member


def _inviting(user: "User") -> Domain | None:
    if user.is_staff:
        return None
    try:
        name = domain_names.ascii_form(user.email.rpartition("@")[2])
    except UnicodeError:
        return None
    inviting = Domain.objects.verified().filter(name=name).exclude(join_role="")
    return inviting.filter(organization__status=Organization.Status.ACTIVE).select_related("organization").first()


def _begin(organization: Organization, by: "User") -> Organization:
    held = ownership.lock(organization)
    authority.of(held, by).require(roles.DOMAIN_MANAGE)
    return held


def _of(organization: Organization, domain: Domain) -> Domain:
    found = Domain.objects.filter(organization=organization, pk=domain.pk).first()
    if found is None:
        raise NotFound("Not found.")
    return found


def _proves(domain: Domain, answer: Answer) -> bool:
    return domain.record_value in answer.values


def _what_was_seen(domain: Domain, answer: Answer) -> str:
    if answer.outcome in (Outcome.TIMEOUT, Outcome.SERVFAIL):
        return f"The name servers of {domain.name} did not answer. Try again in a while."
    if not answer.values:
        return f"There is no TXT record {domain.record_name} yet. It may take an hour until it is seen everywhere."
    return f"{domain.record_name} says something else than {domain.record_value}."


def _ask_the_holder(domain: Domain) -> None:
    """Another organization may hold a name that has changed hands: its proof is looked at now, not next week."""
    with scoping.system(), context.unnamed():
        holder = Domain.objects.verified().filter(name=domain.name).exclude(pk=domain.pk)
        other = holder.select_related("organization").first()
        if other is None:
            return
        if _is_gone(other, dns.resolver().texts(other.record_name)):
            _lose(other)
            return
        _warn(other, domain)
    raise Conflict(f"{domain.name} is verified by another organization.", code="DOMAIN_TAKEN")


@transaction.atomic
def _hold(domain: Domain, *, by: "User") -> Domain:
    held = _of(_begin(domain.organization, by), domain)
    was, now = held.state, clock.now()
    held.state, held.failures = Domain.State.VERIFIED, 0
    held.verified_at, held.checked_at, held.next_check_at = held.verified_at or now, now, now + AGAIN_AFTER
    try:
        with transaction.atomic():
            held.save()
    except IntegrityError:
        # Another organization was faster, in this very moment.
        raise Conflict(f"{held.name} is verified by another organization.", code="DOMAIN_TAKEN") from None
    if was != Domain.State.VERIFIED:
        audit.record("domain.verify", held, by=by, changes={"state": [was, held.state]})
    return held


def _note_failure(domain: Domain, answer: Answer) -> None:
    """What a person asked for and was not found is noted; it takes nothing away before its time."""
    Domain.objects.filter(pk=domain.pk).update(checked_at=clock.now())


def _is_gone(domain: Domain, answer: Answer) -> bool:
    """Servers that do not answer say nothing about the proof."""
    return answer.outcome not in (Outcome.TIMEOUT, Outcome.SERVFAIL) and not _proves(domain, answer)


def _note(domain: Domain, answer: Answer) -> bool:
    """Keep what a check by the clock found; whether the domain was lost by it."""
    now, gone = clock.now(), _is_gone(domain, answer)
    if gone and domain.failures + 1 >= FAILURES:
        return _lose(domain)
    failures = domain.failures + 1 if gone else 0 if _proves(domain, answer) else domain.failures
    wait = AGAIN_AFTER if not failures and _proves(domain, answer) else AFTER_A_FAILURE
    same = Domain.objects.verified().filter(pk=domain.pk, next_check_at=domain.next_check_at)
    same.update(checked_at=now, failures=failures, next_check_at=now + wait)
    return False


@transaction.atomic
def _lose(domain: Domain) -> bool:
    """Nobody joins by it any more, and its owners are told; whether it was held until now."""
    now = clock.now()
    held = Domain.objects.verified().filter(pk=domain.pk, next_check_at=domain.next_check_at)
    if not held.update(state=Domain.State.LOST, verified_at=None, next_check_at=None, checked_at=now, failures=0):
        return False
    audit.record("domain.lose", domain, by=None, changes={"state": [Domain.State.VERIFIED, Domain.State.LOST]})
    _tell_owners("orgs/domain_lost", domain, key=f"domain.lose:{domain.pk}:{now}")
    return True


def _warn(held: Domain, claim: Domain) -> None:
    """Tell who holds a domain that somebody else proved it too: whoever can publish records for it is not only they.
    Who that is they are not told.
    """
    if not ratelimit.spend(WARNINGS, f"domain:{held.pk}:{claim.organization_id}").is_allowed:
        return
    with transaction.atomic():
        audit.record("domain.contest", held, by=None, changes={"name": held.name})
        _tell_owners("orgs/domain_contested", held, key=f"domain.contest:{held.pk}:{new_id()}")


def _tell_owners(template: str, domain: Domain, *, key: str) -> None:
    owners = Membership.ALL.filter(
        organization=domain.organization_id, role=Role.OWNER, status=Membership.Status.ACTIVE
    ).select_related("user")
    for owner in owners:
        values = {
            "name": owner.user.name,
            "organization": domain.organization.name,
            "domain": domain.name,
            "record": domain.record_name,
            "value": domain.record_value,
            "url": settings.BASE_URL + reverse("portal:domains"),
        }
        mail.queue(template, owner.user.email, values, key=f"{key}:{owner.pk}", organization_id=domain.organization_id)
