"""Portal pages that belong to no app."""

from django.urls import path

from platform_core.portal import preferences

urlpatterns = [path("theme", preferences.Theme.as_view(), name="theme")]
