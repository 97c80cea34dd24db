import django.db.models.deletion
import django.db.models.functions.text
import platform_core.clock
import platform_core.models.rows
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('identity', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomRole',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('key', models.SlugField(max_length=40)),
                ('name', models.CharField(max_length=60)),
                ('permissions', models.JSONField(default=list)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('key__in', ['owner', 'admin', 'billing', 'member', 'auditor']), _negated=True), name='custom_role_key_not_built_in')],
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('code', models.SlugField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=80)),
                ('description', models.CharField(blank=True, max_length=300)),
                ('role_options', models.JSONField(blank=True, default=list)),
                ('is_bundle', models.BooleanField(default=False)),
                ('position', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'ordering': ['position', 'code'],
            },
        ),
        migrations.CreateModel(
            name='Organization',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('name', models.CharField(max_length=120)),
                ('slug', models.SlugField(max_length=60)),
                ('status', models.CharField(choices=[('active', 'Active'), ('suspended', 'Suspended'), ('deleted', 'Deleted')], default='active', max_length=10)),
                ('billing_email', models.EmailField(max_length=254)),
                ('avatar', models.CharField(blank=True, editable=False, max_length=120)),
                ('two_factor_required', models.BooleanField(default=False)),
                ('session_max_hours', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('default_product_roles', models.JSONField(blank=True, default=dict)),
                ('seat_limit', models.PositiveIntegerField(blank=True, null=True)),
                ('product_codes', models.JSONField(blank=True, default=list, editable=False)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
                ('purged_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('slug'), name='organization_slug_unique'), models.CheckConstraint(condition=models.Q(models.Q(('deleted_at__isnull', False), ('status', 'deleted')), models.Q(models.Q(('status', 'deleted'), _negated=True), ('deleted_at', None)), _connector='OR'), name='organization_deleted_has_a_time')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('billing', 'Billing'), ('member', 'Member'), ('auditor', 'Auditor')], default='member', max_length=10)),
                ('status', models.CharField(choices=[('active', 'Active'), ('suspended', 'Suspended')], default='active', max_length=10)),
                ('managed_by', models.CharField(choices=[('manual', 'Manual'), ('directory', 'Directory'), ('sso', 'SSO'), ('domain', 'Domain')], default='manual', max_length=10)),
                ('custom_role', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='orgs.customrole')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='orgs.organization')),
            ],
            options={
                'indexes': [models.Index(fields=['organization', 'created_at'], name='membership_organization')],
                'constraints': [models.UniqueConstraint(fields=('organization', 'user'), name='membership_unique'), models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'admin', 'billing', 'member', 'auditor']), models.Q(('custom_role', None), ('role', 'member'), _connector='OR')), name='membership_role_known')],
            },
        ),
        migrations.CreateModel(
            name='InvitationStop',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('address_digest', models.CharField(max_length=100)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitation_stops', to='orgs.organization')),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('organization', 'address_digest'), name='invitation_stop_once')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('admin', 'Admin'), ('billing', 'Billing'), ('member', 'Member'), ('auditor', 'Auditor')], default='member', max_length=10)),
                ('email', models.EmailField(max_length=254)),
                ('product_roles', models.JSONField(blank=True, default=dict)),
                ('token_digest', models.CharField(max_length=100, unique=True)),
                ('sent_at', models.DateTimeField(default=platform_core.clock.wall)),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('accepted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('custom_role', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='%(class)ss', to='orgs.customrole')),
                ('invited_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='orgs.organization')),
            ],
            options={
                'ordering': ['-created_at'],
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('accepted_at', None), ('revoked_at', None)), fields=('organization', 'email'), name='invitation_one_pending'), models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='invitation_email_lower_case'), models.CheckConstraint(condition=models.Q(('role__in', ['owner', 'admin', 'billing', 'member', 'auditor']), models.Q(('custom_role', None), ('role', 'member'), _connector='OR')), name='invitation_role_known')],
            },
        ),
        migrations.CreateModel(
            name='Domain',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('name', models.CharField(max_length=253)),
                ('challenge', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('verified', 'Verified'), ('lost', 'Lost')], default='pending', max_length=10)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('next_check_at', models.DateTimeField(blank=True, db_index=True, null=True)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('join_role', models.CharField(blank=True, choices=[('member', 'Member'), ('billing', 'Billing'), ('auditor', 'Auditor')], max_length=10)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='domains', to='orgs.organization')),
            ],
            options={
                'ordering': ['name'],
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(fields=('organization', 'name'), name='domain_once_in_organization'), models.UniqueConstraint(condition=models.Q(('state', 'verified')), fields=('name',), name='domain_held_once'), models.CheckConstraint(condition=models.Q(('name', django.db.models.functions.text.Lower('name'))), name='domain_lower_case'), models.CheckConstraint(condition=models.Q(('join_role__in', ['', 'member', 'billing', 'auditor'])), name='domain_join_role_known')],
            },
        ),
        migrations.AddField(
            model_name='customrole',
            name='organization',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='custom_roles', to='orgs.organization'),
        ),
        migrations.CreateModel(
            name='ProductResource',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('kind', models.CharField(choices=[('status_page', 'Status page'), ('check', 'Check')], max_length=20)),
                ('external_id', models.CharField(max_length=100)),
                ('version', models.PositiveBigIntegerField()),
                ('name', models.CharField(max_length=200)),
                ('url', models.URLField(blank=True, max_length=500)),
                ('state', models.CharField(blank=True, max_length=40)),
                ('reported_at', models.DateTimeField(default=platform_core.clock.wall)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='resources', to='orgs.organization')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='resources', to='orgs.product')),
            ],
            options={
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['organization', 'kind', 'name'], name='resource_of_organization')],
                'constraints': [models.UniqueConstraint(fields=('product', 'kind', 'external_id'), name='resource_unique_in_product')],
            },
        ),
        migrations.CreateModel(
            name='ReportSchedule',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('kind', models.CharField(max_length=40)),
                ('format', models.CharField(choices=[('pdf', 'PDF'), ('csv', 'CSV')], default='pdf', max_length=3)),
                ('every', models.CharField(choices=[('week', 'Every Monday'), ('month', 'Every first of a month')], max_length=5)),
                ('next_on', models.DateField(db_index=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='report_schedules', to='orgs.organization')),
                ('recipients', models.ManyToManyField(related_name='+', to='orgs.membership')),
            ],
            options={
                'ordering': ['created_at'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('kind', models.CharField(max_length=40)),
                ('format', models.CharField(choices=[('pdf', 'PDF'), ('csv', 'CSV')], default='pdf', max_length=3)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('status', models.CharField(choices=[('pending', 'In the making'), ('ready', 'Ready'), ('failed', 'Failed'), ('expired', 'Expired')], default='pending', max_length=8)),
                ('progress', models.PositiveSmallIntegerField(default=0)),
                ('file', models.CharField(blank=True, max_length=200)),
                ('size', models.PositiveIntegerField(default=0)),
                ('ready_at', models.DateTimeField(blank=True, null=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='orgs.organization')),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('schedule', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='orgs.reportschedule')),
            ],
            options={
                'ordering': ['-created_at'],
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['organization', 'created_at'], name='report_of_organization')],
                'constraints': [models.UniqueConstraint(fields=('schedule', 'starts_on'), name='report_once_of_a_schedule'), models.CheckConstraint(condition=models.Q(('starts_on__lte', models.F('ends_on'))), name='report_days_in_order'), models.CheckConstraint(condition=models.Q(('progress__lte', 100)), name='report_progress_in_per_cent')],
            },
        ),
        migrations.CreateModel(
            name='RoleGrant',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('role', models.CharField(max_length=20)),
                ('source', models.CharField(choices=[('manual', 'Manual'), ('default', 'Default'), ('directory', 'Directory'), ('sso', 'SSO')], default='manual', max_length=10)),
                ('source_ref', models.CharField(blank=True, max_length=200)),
                ('membership', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='orgs.membership')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='orgs.product')),
            ],
            options={
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(fields=('membership', 'product', 'source', 'source_ref'), name='role_grant_one_for_each_source')],
            },
        ),
        migrations.AddConstraint(
            model_name='customrole',
            constraint=models.UniqueConstraint(fields=('organization', 'key'), name='custom_role_key_unique'),
        ),
    ]
