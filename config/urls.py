"""The whole URL space: one line for each surface of each app."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

import billing.portal.urls
import identity.portal.urls
import orgs.portal.urls
import platform_core.portal.urls
import tenants.portal.urls

portal = [
    *tenants.portal.urls.urlpatterns,
    *billing.portal.urls.urlpatterns,
    *identity.portal.urls.urlpatterns,
    *orgs.portal.urls.urlpatterns,
    *platform_core.portal.urls.urlpatterns,
]

handler400 = "platform_core.fallback.bad_request"
handler403 = "platform_core.fallback.permission_denied"
handler404 = "platform_core.fallback.page_not_found"
handler500 = "platform_core.fallback.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    # Tried in this order: every page of a front end asks for users/me first.
    path("api/v1/", include("identity.api.user.urls")),
    path("", include("platform_core.api.public.urls")),
    path("", include("identity.api.auth.urls")),
    path("api/v1/", include("orgs.api.user.urls")),
    path("internal/", include("orgs.api.internal.urls")),
    path("internal/", include("billing.api.internal.urls")),
    path("api/v1/", include("identity.api.hub_auth.urls")),
    path("api/v1/", include("billing.api.user.urls")),
    path("api/v1/public/", include("billing.api.public.urls")),
    path("api/v1/customer/", include("billing.api.customer.urls")),
    path("api/v1/customer/", include("tenants.api.customer.urls")),
    path("api/v1/admin/", include("identity.api.admin.urls")),
    path("api/v1/admin/", include("tenants.api.admin.urls")),
    path("api/v1/tenant/", include("tenants.api.tenant.urls")),
    path("api/v1/cron/", include("billing.api.cron.urls")),
    path("api/user/", include("identity.api.account.urls")),
    path("api/admin/", include("identity.api.operator.urls")),
    path("api/admin/", include("billing.api.operator.urls")),
    path("api/user/", include("billing.api.account.urls")),
    path("", include("billing.api.webhooks.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include((portal, "portal"))),
]

if settings.SANDBOX:
    urlpatterns.append(path("sandbox/", include(("billing.providers.sandbox.urls", "sandbox"))))
