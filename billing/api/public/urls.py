"""The public surface of billing."""

from django.urls import URLPattern, path

from billing.api.public.founding_members import FoundingMembersCount

urlpatterns: list[URLPattern] = [
    path("founding-members/count", FoundingMembersCount.as_view()),
]
