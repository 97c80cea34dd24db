"""The public surface of platform_core."""

from django.urls import path

from platform_core.api.public import health

urlpatterns = [
    path("health", health.Health.as_view()),
    path("api/v1/health", health.Health.as_view()),
    path("api/v1/health/live", health.Health.as_view()),
    path("api/v1/health/ready", health.HealthReady.as_view()),
]
