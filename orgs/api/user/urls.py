"""The user surface of orgs."""

from django.urls import URLPattern, path

from orgs.api.user import (
    organization_audit_exports,
    organization_audit_logs,
    organization_audit_settings,
    organization_audit_streams,
    organization_avatar,
    organization_checks,
    organization_domains,
    organization_invitations,
    organization_members,
    organization_report_kinds,
    organization_report_schedules,
    organization_reports,
    organization_roles,
    organization_status_pages,
    organizations,
)

ORGANIZATION = "organizations/<uuid:organization_id>"

urlpatterns: list[URLPattern] = [
    path("organizations", organizations.OrganizationList.as_view()),
    path("organizations/<uuid:organization_id>", organizations.OrganizationDetail.as_view()),
    path(f"{ORGANIZATION}/avatar", organization_avatar.OrganizationAvatar.as_view()),
    path(f"{ORGANIZATION}/restore", organizations.OrganizationRestore.as_view()),
    path(f"{ORGANIZATION}/leave", organizations.OrganizationLeave.as_view()),
    path(f"{ORGANIZATION}/transfer-ownership", organizations.OrganizationTransferOwnership.as_view()),
    path(f"{ORGANIZATION}/product-role-options", organizations.OrganizationProductRoleOptions.as_view()),
    path(f"{ORGANIZATION}/members", organization_members.OrganizationMemberList.as_view()),
    path(f"{ORGANIZATION}/members/<uuid:pk>", organization_members.OrganizationMemberDetail.as_view()),
    path(
        f"{ORGANIZATION}/members/<uuid:pk>/product-roles",
        organization_members.OrganizationMemberProductRoles.as_view(),
    ),
    path(f"{ORGANIZATION}/audit-logs", organization_audit_logs.OrganizationAuditLogList.as_view()),
    path(f"{ORGANIZATION}/audit-settings", organization_audit_settings.OrganizationAuditSettings.as_view()),
    path(f"{ORGANIZATION}/audit-exports", organization_audit_exports.OrganizationAuditExportList.as_view()),
    path(f"{ORGANIZATION}/audit-exports/<uuid:pk>", organization_audit_exports.OrganizationAuditExportDetail.as_view()),
    path(
        f"{ORGANIZATION}/audit-exports/<uuid:pk>/download",
        organization_audit_exports.OrganizationAuditExportDownload.as_view(),
    ),
    path(f"{ORGANIZATION}/audit-streams", organization_audit_streams.OrganizationAuditStreamList.as_view()),
    path(f"{ORGANIZATION}/audit-streams/<uuid:pk>", organization_audit_streams.OrganizationAuditStreamDetail.as_view()),
    path(
        f"{ORGANIZATION}/audit-streams/<uuid:pk>/test", organization_audit_streams.OrganizationAuditStreamTest.as_view()
    ),
    path(
        f"{ORGANIZATION}/audit-streams/<uuid:pk>/secret",
        organization_audit_streams.OrganizationAuditStreamSecret.as_view(),
    ),
    path(f"{ORGANIZATION}/roles", organization_roles.OrganizationRoleList.as_view()),
    path(f"{ORGANIZATION}/roles/<uuid:pk>", organization_roles.OrganizationRoleDetail.as_view()),
    path(f"{ORGANIZATION}/invitations", organization_invitations.OrganizationInvitationList.as_view()),
    path(f"{ORGANIZATION}/invitations/<uuid:pk>", organization_invitations.OrganizationInvitationDetail.as_view()),
    path(
        f"{ORGANIZATION}/invitations/<uuid:pk>/resend",
        organization_invitations.OrganizationInvitationResend.as_view(),
    ),
    path("organizations/invitations/accept", organization_invitations.InvitationAccept.as_view()),
    path(f"{ORGANIZATION}/domains", organization_domains.OrganizationDomainList.as_view()),
    path(f"{ORGANIZATION}/domains/<uuid:pk>", organization_domains.OrganizationDomainDetail.as_view()),
    path(f"{ORGANIZATION}/domains/<uuid:pk>/verify", organization_domains.OrganizationDomainVerification.as_view()),
    path(f"{ORGANIZATION}/report-kinds", organization_report_kinds.OrganizationReportKindList.as_view()),
    path(f"{ORGANIZATION}/reports", organization_reports.OrganizationReportList.as_view()),
    path(f"{ORGANIZATION}/reports/generate", organization_reports.OrganizationReportGenerate.as_view()),
    path(f"{ORGANIZATION}/reports/<uuid:pk>", organization_reports.OrganizationReportDetail.as_view()),
    path(f"{ORGANIZATION}/reports/<uuid:pk>/download", organization_reports.OrganizationReportDownload.as_view()),
    path(f"{ORGANIZATION}/report-schedules", organization_report_schedules.OrganizationReportScheduleList.as_view()),
    path(
        f"{ORGANIZATION}/report-schedules/<uuid:pk>",
        organization_report_schedules.OrganizationReportScheduleDetail.as_view(),
    ),
    path(f"{ORGANIZATION}/status-pages", organization_status_pages.OrganizationStatusPageList.as_view()),
    path(f"{ORGANIZATION}/checks", organization_checks.OrganizationCheckList.as_view()),
]
