"""People and what they sign in with."""

from identity.models.codes import MailedCode
from identity.models.exports import DataExport
from identity.models.pending import PendingSignIn, StepUp
from identity.models.sessions import BrowserSession, Session
from identity.models.setup import Setup
from identity.models.staff import StaffInvitation
from identity.models.telemetry import AnalyticsEvent, UserActivity
from identity.models.tokens import ExchangeToken, PasswordLink, SigningKey
from identity.models.two_factor import Passkey, PasskeyChallenge, TotpDevice
from identity.models.users import User, normalize_address, split_name

__all__ = [
    "AnalyticsEvent",
    "BrowserSession",
    "DataExport",
    "ExchangeToken",
    "MailedCode",
    "Passkey",
    "PasskeyChallenge",
    "PasswordLink",
    "PendingSignIn",
    "Session",
    "Setup",
    "SigningKey",
    "StaffInvitation",
    "StepUp",
    "TotpDevice",
    "User",
    "UserActivity",
    "normalize_address",
    "split_name",
]
