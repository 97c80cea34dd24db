"""Examples in the description of the API: every body is shown as it may look, put together from its schema.

What a field holds is told by its name, once for all bodies, else by its kind. So a new endpoint has examples already;
a body whose fields exclude each other says with `extend_schema_serializer` which of them go together.
"""

from typing import Any

Schema = dict[str, Any]
JSON = "application/json"
ID = "019a5d0e-7c31-7b42-9f6e-3d2a8c41b7e5"
BY_FORMAT = {
    "uuid": ID,
    "date-time": "2026-03-01T09:30:00Z",
    "date": "2026-03-01",
    "email": "olivia@harbour-coffee.example",
    "uri": "https://harbour-coffee.example/",
}
# By name; where a name means several things, by the schema and the name.
NAMED: dict[str, Any] = {
    "accessToken": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9…",
    "action": "membership.update_role",
    "Activity.action": "order.provision",
    "actor": "olivia@harbour-coffee.example",
    "agentId": "assistant",
    "agentUrl": "https://agent.harbour-coffee.example",
    "agentVersion": "1.4.0",
    "alg": "ES256",
    "amountMinor": 12_900,
    "totalMinor": 12_900,
    "AuditPerson.id": ID,
    "AddOnChoice.code": "hosting-backups",
    "BoughtAddOn.code": "hosting-backups",
    "ChangedPlan.code": "hosting-pro",
    "CountedAddOn.code": "hosting-backups",
    "Entitlement.code": "tokens",
    "Plan.code": "hosting-pro",
    "PlanEntitlement.code": "tokens",
    "PricingItem.code": "hosting-pro-month-usd",
    "PricingItemCreate.code": "hosting-pro-month-usd",
    "ProratedLine.code": "hosting-pro",
    "RefusedPrice.code": "hosting-pro-month-usd",
    "WantedAddOn.code": "hosting-backups",
    "Payment.method": "visa 4242",
    "dueMinor": 8_000,
    "interval": "month",
    "periodMinor": 12_900,
    "invoiceNumber": "INV-000042",
    "organizationName": "Harbour Coffee",
    "avatarUrl": "/api/v1/organizations/019a5d0e-7c31-7b42-9f6e-3d2a8c41b7e5/avatar",
    "authorization": "Bearer a-token-of-your-own",
    "cancelAtPeriodEnd": False,
    "changes": {"role": ["member", "admin"]},
    "checks": {"database": "ok"},
    "code": "hosting-pro",
    # Of an authenticator app, and as mailed.
    "Code.code": "492039",
    "StepUp.code": "492039",
    "Verify.code": "492039",
    "MailedCode.code": "49203917",
    "VerifyEmail.code": "49203917",
    "credential": {"id": "c2gT0w", "rawId": "c2gT0w", "type": "public-key", "response": {"attestationObject": "o2Nm…"}},
    "passkey": {"id": "c2gT0w", "rawId": "c2gT0w", "type": "public-key", "response": {"signature": "MEUC…"}},
    "publicKey": {"challenge": "Q0hBTExFTkdF", "rpId": "mainstay.example", "timeout": 300000},
    "ReportKind.code": "audit_activity",
    "SoldProduct.code": "hosting",
    "companyName": "Harbour Coffee",
    "company": "Harbour Coffee",
    "config": {"heartbeatSeconds": 300},
    "crv": "P-256",
    "csrfToken": "b1946ac92492d2347c6235b4d2611184",
    "csv": "email,role\nnora@harbour-coffee.example,member",
    "currency": "USD",
    "currentPassword": "harbour-lantern-42",
    "defaultProductRoles": {"pages": "viewer"},
    "productRoles": {"pages": "editor"},
    "description": "Hosting Pro",
    "domain": "harbour.tenants.example",
    "endsOn": "2026-02-28",
    "entityId": ID,
    "entityLabel": "nora@harbour-coffee.example",
    "entityType": "orgs.membership",
    "error": "",
    "errorCode": "",
    "expiresIn": 300,
    "externalId": "page-7",
    "failure": "",
    "features": ["15 million tokens a month"],
    "filters": {"action": "membership."},
    "firstName": "Olivia",
    "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "hubApiKey": "hk_PTyis_XfuR4htd8DG9M0p898mOjAGolFr5wxnflMRpM",
    "ipAddress": "192.0.2.7",
    "isEmployee": False,
    "isStaff": False,
    "key": "member",
    "kid": ID,
    "kind": "audit_activity",
    "Job.kind": "orgs.make_report",
    "kty": "EC",
    "label": "olivia@harbour-coffee.example",
    "lastName": "Berg",
    "machineId": "harbour-1",
    "message": "Check your mail.",
    "methods": ["pwd", "otp"],
    "model": "claude-sonnet",
    "fromMonth": "2026-01",
    "toMonth": "2026-03",
    "month": "2026-03",
    "cohort": "2026-01",
    "name": "Olivia Berg",
    "Organization.name": "Harbour Coffee",
    "OrganizationCreate.name": "Harbour Coffee",
    "PatchedOrganizationUpdate.name": "Harbour Coffee",
    "ProductResource.name": "Status of Harbour Coffee",
    "ResourceReport.name": "Status of Harbour Coffee",
    "SoldProduct.name": "Hosting",
    "ProductRoleOption.name": "Pages",
    "AnalyticsEvent.name": "user.signed_in",
    "DnsRecord.name": "cloud.harbour.tenants.example",
    "Domain.name": "harbour-coffee.example",
    "DomainCreate.name": "harbour-coffee.example",
    "OrganizationRole.name": "Editors",
    "OrganizationRoleChange.name": "Editors",
    "Passkey.name": "Olivia's laptop",
    "PasskeyCreate.name": "Olivia's laptop",
    "PatchedPasskeyName.name": "Olivia's laptop",
    "SoldPlan.name": "Hosting Pro",
    "SubscribedPlan.name": "Hosting Pro",
    "newPassword": "a-longer-lantern-43",
    "nextCursor": "MjAyNi0wMy0wMVQwOTozMDowMFo",
    "number": "INV-000042",
    "providerNumber": "HARB-0002",
    "country": "DE",
    "taxId": "DE123456789",
    "region": "SH",
    "postalCode": "24103",
    "city": "Kiel",
    "line1": "1 Quay Street",
    "line2": "",
    "legalName": "Harbour Coffee GmbH",
    "taxNote": "VAT 19%",
    "discrepancy": "",
    "openclawVersion": "2026.2.1",
    "otpauthUrl": "otpauth://totp/Mainstay:olivia%40harbour-coffee.example?secret=347WLKHLRV3SHBVCM33NUUWPXJD5HMEI",
    "pageSize": 25,
    "password": "harbour-lantern-42",
    "pendingToken": "pend_4vXc1mSxQ8b0hVhq1w2Lk9",
    "permissions": ["organization.read", "usage.read"],
    "periodEnd": "2026-04-01T09:30:00Z",
    "photoUrl": "/api/v1/users/019a5d0e-7c31-7b42-9f6e-3d2a8c41b7e5/photo",
    "plan": "hosting-pro",
    "planCode": "hosting-pro",
    "problem": "",
    "product": "pages",
    "CheckoutRequest.product": "hosting",
    "provider": "process",
    "purpose": "organization.transfer",
    "qrCode": "data:image/svg+xml;base64,PHN2Zy…",
    "recordName": "_mainstay.harbour-coffee.example",
    "recordValue": "mainstay-verification=3f9c1d",
    "registrationToken": "rt_4vXc1mSxQ8b0hVhq1w2Lk9",
    "retentionDays": 400,
    "requestId": "req_019a5d0e7c317b429f6e3d2a8c41b7e5",
    "role": "member",
    "Staff.role": "SUPPORT",
    "Invite.role": "SUPPORT",
    "PatchedStaffChange.role": "SUPPORT",
    "StaffProfile.role": "ADMIN",
    "EffectiveRole.role": "editor",
    "roleOptions": ["admin", "editor", "viewer"],
    "safetyWrapperVersion": "1.4.0",
    "secret": "347WLKHLRV3SHBVCM33NUUWPXJD5HMEI",
    "serverIp": "192.0.2.40",
    "sessionMaxHours": 24,
    "since": "2026-02-01T00:00:00Z",
    "slot": "2026-03-01T00:00:00+00:00",
    "slug": "harbour-coffee",
    "startsOn": "2026-02-01",
    "state": "published",
    "status": "active",
    "AgentState.status": "running",
    "step": "orgs.make_report",
    "stripeCustomerId": "cus_T1x8",
    "text": "nora",
    "LogLine.text": "The server is set up",
    "tier": "pro",
    "title": "Audit activity",
    "token": "join_4vXc1mSxQ8b0hVhq1w2Lk9",
    "AcceptInvite.token": "inv_4vXc1mSxQ8b0hVhq1w2Lk9",
    "Pending.token": "pend_4vXc1mSxQ8b0hVhq1w2Lk9",
    "SetCookie.token": "xt_4vXc1mSxQ8b0hVhq1w2Lk9",
    "ExchangeToken.token": "xt_4vXc1mSxQ8b0hVhq1w2Lk9",
    "tokenLimit": 15_000_000,
    "tokensUsed": 1_250_000,
    "tokenType": "Bearer",
    "type": "user",
    "use": "sig",
    "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "waitReason": "",
    "webhookSecret": "whsec_Fw5FWet3d4EjdFkSGFAfmx1x6E8cOBek2QLKwJDRP38a",
}
WORD = "example"


class Examples:
    """Makes examples from schemas that may refer to these components. `sending`: of what callers send."""

    def __init__(self, components: Schema, *, sending: bool) -> None:
        self.components = components
        self.hidden = "readOnly" if sending else "writeOnly"

    def of(self, schema: Schema, name: str = "", owner: str = "") -> Any:
        """What a value of this schema may look like, as the field `name` of the component `owner`."""
        if "$ref" in schema:
            component = schema["$ref"].rpartition("/")[2]
            return self.of(self.components[component], name, component)
        for choice in ("allOf", "oneOf"):
            if choice in schema:
                return self.of(schema[choice][0], name, owner)
        if "enum" in schema:
            told = _told(owner, name)
            return told if told in schema["enum"] else schema["enum"][0]
        return self._plain(schema, name, owner)

    def _plain(self, schema: Schema, name: str, owner: str) -> Any:
        kind = _kind(schema)
        if kind == "object" and "properties" in schema:
            return self._fields(schema["properties"], owner)
        told = _told(owner, name)
        if told is not None and _is(told, kind):
            return told
        return self._by_kind(schema, name, owner)

    def _fields(self, properties: Schema, owner: str) -> Schema:
        shown = {name: field for name, field in properties.items() if not field.get(self.hidden)}
        return {name: self.of(field, name, owner) for name, field in shown.items()}

    def _by_kind(self, schema: Schema, name: str, owner: str) -> Any:
        match _kind(schema):
            case "array":
                return [self.of(schema["items"], name, owner)]
            case "object":
                inner = schema.get("additionalProperties")
                return {WORD: self.of(inner, name, owner)} if inner else {}
            case "boolean":
                return schema.get("default", True)
            case "integer" | "number":
                return schema.get("default", max(schema.get("minimum", 0), 1))
            case "string":
                return BY_FORMAT.get(schema.get("format", ""), WORD)
        return {}


def _kind(schema: Schema) -> str | None:
    """What a value is where it is not null."""
    kind = schema.get("type")
    return next((each for each in kind if each != "null"), None) if isinstance(kind, list) else kind


def _told(owner: str, name: str) -> Any:
    return NAMED.get(f"{owner}.{name}", NAMED.get(name))


def _is(value: Any, kind: str | None) -> bool:
    """Whether the value is of a schema's type."""
    kinds: dict[str, type] = {"string": str, "array": list, "object": dict, "integer": int, "boolean": bool}
    return kind is None or isinstance(value, kinds.get(kind, ()))


def add(result: Schema) -> None:
    """Give every JSON body that has no example of its own one; failures have theirs from their status."""
    components = result["components"]["schemas"]
    asking, telling = Examples(components, sending=True), Examples(components, sending=False)
    for path in [*result["paths"].values(), *result.get("webhooks", {}).values()]:
        for operation in path.values():
            _show(operation.get("requestBody", {}), asking)
            for response in operation["responses"].values():
                _show(response, telling)


def _show(body: Schema, examples: Examples) -> None:
    media = body.get("content", {}).get(JSON)
    if media is not None and not media.keys() & {"example", "examples"}:
        media["example"] = examples.of(media["schema"])
