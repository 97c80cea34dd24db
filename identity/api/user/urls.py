"""The user surface of identity."""

from django.urls import URLPattern, path

from identity.api.user import organization_invitations, user_photo, users

urlpatterns: list[URLPattern] = [
    path("organizations/invitations/sign-up", organization_invitations.InvitationSignUp.as_view()),
    path("users/me", users.UserMe.as_view()),
    path("users/<uuid:pk>/photo", user_photo.UserPhoto.as_view()),
]
