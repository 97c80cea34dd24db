"""The admin surface of identity."""

from django.urls import URLPattern, path

from identity.api.admin import staff, staff_invitations, staff_invite, telemetry

urlpatterns: list[URLPattern] = [
    path("staff", staff.StaffList.as_view()),
    path("staff/invite", staff_invite.StaffInvite.as_view()),
    path("staff/invitations", staff_invitations.StaffInvitationList.as_view()),
    path("staff/invitations/<uuid:pk>", staff_invitations.StaffInvitationDetail.as_view()),
    path("staff/invitations/<uuid:pk>/resend", staff_invitations.StaffInvitationResend.as_view()),
    path("staff/<uuid:pk>", staff.StaffDetail.as_view()),
    path("telemetry/events", telemetry.TelemetryEvents.as_view()),
    path("telemetry/activities", telemetry.TelemetryActivities.as_view()),
]
