"""Domains of the organization: claimed, verified, and who joins by them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from orgs import roles
from orgs.models import Domain
from orgs.portal.forms import DomainForm, JoinForm
from orgs.portal.pages import OrganizationPage
from orgs.services import domains
from platform_core.errors import DomainError, NotFound


class DomainsPage(OrganizationPage):
    """What the pages about domains have in common."""

    nav = "settings"

    def domain(self, pk: UUID) -> Domain:
        """One of the organization's; anybody else's does not exist."""
        ours = Domain.objects.filter(organization=self.organization, pk=pk)
        found = ours.select_related("organization").first()
        if found is None:
            raise NotFound("There is no such domain.")
        return found

    def domains(self, form: DomainForm | None = None, *, status: int = 200) -> HttpResponse:
        """The page, with the form that was not right where there was one."""
        ours = Domain.objects.filter(organization=self.organization)
        rows = [(domain, JoinForm(initial={"join_role": domain.join_role}, prefix=str(domain.pk))) for domain in ours]
        return self.page("portal/orgs/domains.html", status=status, rows=rows, form=form or DomainForm())


class Domains(DomainsPage):
    """All of them, and the form for another."""

    access = {"GET": roles.ORGANIZATION_READ, "POST": roles.DOMAIN_MANAGE}

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.domains()

    def post(self, request: HttpRequest) -> HttpResponse:
        form = DomainForm(request.POST)
        if not form.is_valid():
            return self.domains(form, status=400)
        try:
            made = domains.add(self.organization, form.cleaned_data["name"], by=self.actor)
        except DomainError as error:
            form.add_error("name", error.details.get("name") or error.message)
            return self.domains(form, status=error.status)
        messages.success(request, f"Publish the record of {made.name}, then verify it.")
        return redirect("portal:domains")


class VerifyDomain(DomainsPage):
    """Looks for the record now."""

    access = {"POST": roles.DOMAIN_MANAGE}
    unaudited = {"POST": "What the record proves is audited; that it was looked for again is not."}
    form_page = "portal:domains"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        domain = self.domain(pk)
        try:
            verified = domains.verify(domain, by=self.actor)
        except DomainError as error:
            messages.warning(request, error.message)
        else:
            messages.success(request, f"{verified.name} is verified.")
        return redirect("portal:domains")


class JoinByDomain(DomainsPage):
    """Says what people become who confirm an address of it."""

    access = {"POST": roles.DOMAIN_MANAGE}
    form_page = "portal:domains"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        domain = self.domain(pk)
        form = JoinForm(request.POST, prefix=str(domain.pk))
        if form.is_valid():
            domains.update(domain, join_role=form.cleaned_data["join_role"], by=self.actor)
            messages.success(request, f"{domain.name} is changed.")
        else:
            messages.warning(request, "There is no such role.")
        return redirect("portal:domains")


class RemoveDomain(DomainsPage):
    """Gives one up."""

    access = {"POST": roles.DOMAIN_MANAGE}
    form_page = "portal:domains"

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        domain = self.domain(pk)
        domains.remove(domain, by=self.actor)
        messages.success(request, f"{domain.name} is given up.")
        return redirect("portal:domains")
