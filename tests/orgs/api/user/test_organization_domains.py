"""`/api/v1/organizations/{id}/domains`."""

from pathlib import Path
from uuid import uuid4

import pytest

from orgs.models import Domain, Organization
from orgs.roles import Role
from orgs.services import domains
from platform_core import ratelimit
from platform_core.dns import Outcome
from platform_core.models import AuditEvent, Mail
from tests import make
from tests.clients import ApiClient, PersonClient
from tests.orgs.names import proof, saying
from tests.processes import race, shared_database


def path(organization: Organization, *rest: object) -> str:
    return "/".join(map(str, (f"/api/v1/organizations/{organization.pk}/domains", *rest)))


def actions() -> list[str]:
    events = AuditEvent.objects.filter(action__startswith="domain.").order_by("created_at", "pk")
    return list(events.values_list("action", flat=True))


class TestClaiming:
    def test_a_domain_waits_for_its_proof(self, owner: PersonClient) -> None:
        answer = owner.post(path(owner.organization), {"name": " Harbour-Bakery.Example. "})

        assert answer.status_code == 201
        told = answer.json()
        domain = Domain.objects.get()
        assert told["createdAt"].endswith("Z")
        assert {name: told[name] for name in told if name != "createdAt"} == {
            "id": str(domain.pk),
            "name": "harbour-bakery.example",
            "state": "pending",
            "recordName": "_mainstay-challenge.harbour-bakery.example",
            "recordValue": f"mainstay-verification={domain.challenge}",
            "joinRole": "",
            "verifiedAt": None,
            "checkedAt": None,
        }
        assert len(domain.challenge) == 40
        assert actions() == ["domain.create"]

    def test_an_international_name_is_kept_as_dns_carries_it(self, owner: PersonClient) -> None:
        assert (
            owner.post(path(owner.organization), {"name": "bücher.example"}).json()["name"] == "xn--bcher-kva.example"
        )

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("", "blank"),
            ("harbour", "no domain name"),
            ("harbour..example", "no domain name"),
            ("-harbour.example", "no domain name"),
            ("har_bour.example", "no domain name"),
            ("harbour.example/path", "no domain name"),
            ("olivia@harbour.example", "no domain name"),
            ("192.0.2.1", "no domain name"),
            ("[2001:db8::1]", "no domain name"),
            (f"{'a' * 64}.example", "no domain name"),
            (".".join(["ü" * 20] * 12), "no domain name"),
            ("ü" * 63 + ".example", "no domain name"),
            ("co.uk", "Anybody can register"),
            ("github.io", "Anybody can register"),
            ("gmail.com", "Everybody can get an address"),
            ("GoogleMail.com", "Everybody can get an address"),
            ("a" * 254, "253"),
        ],
    )
    def test_what_cannot_be_an_organizations_own_is_refused(self, owner: PersonClient, name: str, reason: str) -> None:
        answer = owner.post(path(owner.organization), {"name": name})

        assert answer.status_code == 400
        assert reason in str(answer.json())
        assert "name" in str(answer.json())
        assert not Domain.objects.exists()

    def test_so_is_ours(self, owner: PersonClient, settings: pytest.MonkeyPatch) -> None:
        settings.BASE_URL = "https://hub.mainstay.example"  # type: ignore[attr-defined]

        assert "ours" in str(owner.post(path(owner.organization), {"name": "hub.mainstay.example"}).json())
        assert "ours" in str(owner.post(path(owner.organization), {"name": "a.hub.mainstay.example"}).json())
        assert owner.post(path(owner.organization), {"name": "mainstay.example"}).status_code == 201

    def test_a_second_time_is_no_second_claim(self, owner: PersonClient) -> None:
        owner.post(path(owner.organization), {"name": "harbour.example"})

        assert owner.post(path(owner.organization), {"name": "HARBOUR.example"}).status_code == 409
        assert Domain.objects.count() == 1

    def test_another_organization_may_claim_the_same(self, owner: PersonClient, outsider: PersonClient) -> None:
        owner.post(path(owner.organization), {"name": "harbour.example"})

        assert outsider.post(path(outsider.organization), {"name": "harbour.example"}).status_code == 201
        challenges = set(Domain.objects.values_list("challenge", flat=True))
        assert len(challenges) == 2

    def test_claims_have_an_end(self, owner: PersonClient) -> None:
        for _ in range(50):
            make.domain(owner.organization)

        assert owner.post(path(owner.organization), {"name": "harbour.example"}).status_code == 409
        assert Domain.objects.count() == 50


class TestProof:
    def test_a_published_record_proves_it(self, owner: PersonClient) -> None:
        domain = make.domain(owner.organization)
        with saying(proof(domain)) as server:
            answer = owner.post(path(owner.organization, domain.pk, "verify"))

        assert answer.status_code == 200
        assert answer.json()["state"] == "verified"
        assert server.asked == [domain.record_name]
        domain.refresh_from_db()
        assert domain.verified_at == domain.checked_at
        assert domain.next_check_at is not None
        assert (domain.next_check_at - domain.verified_at).days == 7  # type: ignore[operator]
        assert actions() == ["domain.verify"]

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            (Outcome.NXDOMAIN, "There is no TXT record"),
            (Outcome.NODATA, "There is no TXT record"),
            (["mainstay-verification=another"], "says something else"),
            (["challenge"], "says something else"),
            (Outcome.SERVFAIL, "did not answer"),
        ],
    )
    def test_anything_else_does_not(self, owner: PersonClient, said: list[str] | Outcome, told: str) -> None:
        domain = make.domain(owner.organization)
        with saying({domain.record_name: said}):
            answer = owner.post(path(owner.organization, domain.pk, "verify"))

        assert answer.status_code == 409
        assert told in answer.json()["message"]
        assert answer.json()["code"] == "DOMAIN_NOT_PROVEN"
        domain.refresh_from_db()
        assert (domain.state, domain.verified_at) == ("pending", None)
        assert domain.checked_at is not None
        assert actions() == []

    def test_looking_again_leaves_it_verified(self, owner: PersonClient) -> None:
        domain = make.domain(owner.organization, state="verified", failures=2)
        verified_at = domain.verified_at
        with saying(proof(domain)):
            assert owner.post(path(owner.organization, domain.pk, "verify")).status_code == 200

        domain.refresh_from_db()
        assert (domain.verified_at, domain.failures) == (verified_at, 0)
        assert actions() == []

    def test_one_organization_holds_a_name(self, owner: PersonClient, outsider: PersonClient) -> None:
        held = make.domain(outsider.organization, "harbour.example", state="verified")
        ours = make.domain(owner.organization, "harbour.example", challenge="ours")
        both = {held.record_name: [held.record_value, ours.record_value]}
        with saying(both):
            answer = owner.post(path(owner.organization, ours.pk, "verify"))

        assert answer.status_code == 409
        assert answer.json()["code"] == "DOMAIN_TAKEN"
        assert list(Domain.objects.verified()) == [held]

    def test_whoever_holds_it_is_told_once_a_day_that_another_proved_it(
        self, owner: PersonClient, outsider: PersonClient
    ) -> None:
        held = make.domain(outsider.organization, "harbour.example", state="verified")
        ours = make.domain(owner.organization, "harbour.example", challenge="ours")
        told = AuditEvent.objects.filter(action="domain.contest")
        with saying({held.record_name: [held.record_value, ours.record_value]}):
            for _ in range(2):
                assert owner.post(path(owner.organization, ours.pk, "verify")).status_code == 409

            event, mail = told.get(), Mail.objects.get()
            assert (event.organization_id, event.target_id) == (outsider.organization.pk, str(held.pk))
            assert (mail.to, mail.subject) == (outsider.user.email, "Somebody else proved harbour.example")
            for text in (mail.text, mail.html, str(event.changes), event.actor_label):
                assert owner.organization.name not in text
                assert owner.user.email not in text

            assert (event.actor_type, event.ip_address) == ("system", None)

            # As the next day does, wherever it is counted.
            ratelimit.refund(domains.WARNINGS, f"domain:{held.pk}:{owner.organization.pk}")
            assert owner.post(path(owner.organization, ours.pk, "verify")).status_code == 409
        assert (told.count(), Mail.objects.count()) == (2, 2)

    def test_whoever_bought_the_name_takes_it_over(self, owner: PersonClient, outsider: PersonClient) -> None:
        held = make.domain(outsider.organization, "harbour.example", state="verified", join_role="member")
        ours = make.domain(owner.organization, "harbour.example", challenge="ours")
        with saying(proof(ours)):
            assert owner.post(path(owner.organization, ours.pk, "verify")).status_code == 200

        assert list(Domain.objects.verified()) == [ours]
        held.refresh_from_db()
        assert (held.state, held.verified_at) == ("lost", None)
        assert actions() == ["domain.lose", "domain.verify"]
        # Who took it over is none of the former holder's business.
        assert AuditEvent.objects.get(action="domain.lose").ip_address is None

    def test_a_holder_whose_servers_are_silent_keeps_it(self, owner: PersonClient, outsider: PersonClient) -> None:
        held = make.domain(outsider.organization, "harbour.example", state="verified")
        ours = make.domain(owner.organization, "harbour.example", challenge="ours")
        with saying(proof(ours)) as server:
            server.texts[held.record_name] = [ours.record_value, held.record_value]
            assert owner.post(path(owner.organization, ours.pk, "verify")).status_code == 409

        assert list(Domain.objects.verified()) == [held]

    @pytest.mark.usefixtures("one_moment")
    def test_asking_has_a_limit(self, owner: PersonClient) -> None:
        domain = make.domain(owner.organization)
        with saying({}):
            answers = [owner.post(path(owner.organization, domain.pk, "verify")).status_code for _ in range(31)]

        assert answers == [409] * 30 + [429]

    def test_a_body_is_refused(self, owner: PersonClient) -> None:
        domain = make.domain(owner.organization)
        assert owner.post(path(owner.organization, domain.pk, "verify"), {"state": "verified"}).status_code == 400


class TestChanging:
    def test_who_joins_is_said(self, owner: PersonClient) -> None:
        domain = make.domain(owner.organization)

        assert owner.patch(path(owner.organization, domain.pk), {"joinRole": "auditor"}).json()["joinRole"] == "auditor"
        assert owner.patch(path(owner.organization, domain.pk), {"joinRole": "auditor"}).status_code == 200
        assert owner.patch(path(owner.organization, domain.pk), {"joinRole": ""}).json()["joinRole"] == ""
        assert actions() == ["domain.update", "domain.update"]

    @pytest.mark.parametrize("role", ["owner", "admin", "anything", None, 1])
    def test_nobody_joins_as_one_who_decides(self, owner: PersonClient, role: object) -> None:
        domain = make.domain(owner.organization)

        assert owner.patch(path(owner.organization, domain.pk), {"joinRole": role}).status_code == 400
        domain.refresh_from_db()
        assert domain.join_role == ""

    @pytest.mark.parametrize("field", ["state", "name", "verifiedAt", "recordValue"])
    def test_nothing_else_is(self, owner: PersonClient, field: str) -> None:
        domain = make.domain(owner.organization)
        answer = owner.patch(path(owner.organization, domain.pk), {"joinRole": "", field: "verified"})
        assert answer.status_code == 400
        assert field in str(answer.json())

    def test_a_domain_is_given_up(self, owner: PersonClient) -> None:
        domain = make.domain(owner.organization, state="verified")

        assert owner.delete(path(owner.organization, domain.pk)).status_code == 204
        assert not Domain.objects.exists()
        assert actions() == ["domain.delete"]
        assert owner.get(path(owner.organization, domain.pk)).status_code == 404


class TestWho:
    def test_members_see_domains_and_change_none(self, member: PersonClient) -> None:
        domain = make.domain(member.organization)
        one = path(member.organization, domain.pk)

        assert [each["name"] for each in member.get(path(member.organization)).json()["items"]] == [domain.name]
        assert member.get(one).json()["name"] == domain.name
        assert member.post(path(member.organization), {"name": "harbour.example"}).status_code == 403
        assert member.patch(one, {"joinRole": "member"}).status_code == 403
        assert member.delete(one).status_code == 403
        assert member.post(f"{one}/verify").status_code == 403
        assert Domain.objects.get().join_role == ""

    def test_an_admin_may(self, owner: PersonClient) -> None:
        admin = PersonClient(make.person(owner.organization, Role.ADMIN), owner.organization)
        assert admin.post(path(owner.organization), {"name": "harbour.example"}).status_code == 201

    def test_strangers_are_answered_as_if_it_were_not_there(self, owner: PersonClient, outsider: PersonClient) -> None:
        domain = make.domain(owner.organization)
        unknown = f"/api/v1/organizations/{uuid4()}/domains"

        assert outsider.get(path(owner.organization)).content == outsider.get(unknown).content
        through_theirs = outsider.get(path(outsider.organization, domain.pk))
        assert through_theirs.status_code == 404
        assert outsider.delete(path(outsider.organization, domain.pk)).status_code == 404
        assert outsider.post(path(outsider.organization, domain.pk, "verify")).status_code == 404
        assert Domain.objects.count() == 1

    def test_nobody_is_asked_for_a_credential(self, owner: PersonClient, anonymous: ApiClient) -> None:
        assert anonymous.get(path(owner.organization)).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_of_two_that_prove_one_name_at_once_one_holds_it(
    owner: PersonClient, outsider: PersonClient, tmp_path: Path
) -> None:
    callers = [owner, outsider]
    mine = [make.domain(each.organization, "harbour.example", challenge=f"c{n}") for n, each in enumerate(callers)]

    def prove(number: int) -> int:
        caller = callers[number % 2]
        status: int = caller.post(path(caller.organization, mine[number % 2].pk, "verify")).status_code
        return status

    with shared_database(tmp_path), saying({mine[0].record_name: [each.record_value for each in mine]}):
        answers = race(4, prove)
        assert Domain.objects.verified().count() == 1

    assert sorted(answers) == [200, 200, 409, 409]
