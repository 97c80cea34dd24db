"""The internal surface of orgs."""

from django.urls import URLPattern, path

from orgs.api.internal import product_resources

urlpatterns: list[URLPattern] = [
    path("products/<slug:product>/resources", product_resources.ProductResourceReports.as_view()),
]
