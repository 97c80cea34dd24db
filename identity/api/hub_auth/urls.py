"""The hub_auth surface of identity."""

from django.urls import URLPattern, path

from identity.api.hub_auth import accept_invite, invite, passkey_sign_in, passkeys, profile, setup, two_factor

urlpatterns: list[URLPattern] = [
    path("auth/invite/<slug:token>", invite.Invite.as_view()),
    path("auth/accept-invite", accept_invite.AcceptInvite.as_view()),
    path("auth/2fa/status", two_factor.TwoFactorStatus.as_view()),
    path("auth/2fa/setup", two_factor.TwoFactorSetup.as_view()),
    path("auth/2fa/verify", two_factor.TwoFactorVerify.as_view()),
    path("auth/2fa/options", two_factor.TwoFactorOptions.as_view()),
    path("auth/2fa/disable", two_factor.TwoFactorDisable.as_view()),
    path("auth/2fa/backup-codes", two_factor.TwoFactorBackupCodes.as_view()),
    path("auth/passkeys", passkeys.PasskeyList.as_view()),
    path("auth/passkeys/options", passkeys.PasskeyOptions.as_view()),
    path("auth/passkeys/sign-in", passkey_sign_in.PasskeySignIn.as_view()),
    path("auth/passkeys/sign-in/options", passkey_sign_in.PasskeySignInOptions.as_view()),
    path("auth/passkeys/<uuid:pk>", passkeys.PasskeyDetail.as_view()),
    path("profile", profile.Profile.as_view()),
    path("profile/photo", profile.ProfilePhoto.as_view()),
    path("profile/password", profile.ProfilePassword.as_view()),
    path("setup", setup.Setup.as_view()),
]
