import django.db.models.deletion
import django.db.models.functions.text
import platform_core.clock
import platform_core.encryption
import platform_core.models.rows
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('first_name', models.CharField(blank=True, max_length=80)),
                ('last_name', models.CharField(blank=True, max_length=80)),
                ('status', models.CharField(choices=[('active', 'Active'), ('suspended', 'Suspended'), ('deleted', 'Deleted')], default='active', max_length=10)),
                ('is_staff', models.BooleanField(default=False)),
                ('is_employee', models.BooleanField(default=False)),
                ('photo', models.CharField(blank=True, editable=False, max_length=120)),
                ('security_version', models.PositiveIntegerField(default=1, editable=False)),
                ('wrong_codes', models.PositiveIntegerField(default=0, editable=False)),
                ('codes_blocked_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('recovery_digests', models.JSONField(blank=True, default=list, editable=False)),
                ('erased_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('erased_address', models.EmailField(blank=True, editable=False, max_length=254)),
                ('added_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'permissions': [('suspend_user', 'Can suspend and reactivate people'), ('impersonate_user', 'Can see the portal as a customer sees it'), ('impersonate_with_changes', 'Can change things while acting as a customer'), ('manage_staff', 'Can decide who is staff and in which role'), ('reset_two_factor', 'Can take away the second factor of somebody who lost it')],
                'indexes': [models.Index(condition=models.Q(('erased_address', ''), _negated=True), fields=['erased_at'], name='user_not_yet_emptied'), models.Index(condition=models.Q(('status', 'deleted')), fields=['id'], name='user_erased')],
                'constraints': [models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='user_email_lower_case')],
            },
        ),
        migrations.CreateModel(
            name='AnalyticsEvent',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('organization_id', models.UUIDField(blank=True, null=True)),
                ('name', models.CharField(max_length=60)),
                ('properties', models.JSONField(blank=True, default=dict)),
                ('occurred_at', models.DateTimeField(default=platform_core.clock.now)),
                ('is_counted', models.BooleanField(default=False, editable=False)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='analytics_events', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'analytics_events',
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['name', '-occurred_at'], name='analytics_event_name'), models.Index(condition=models.Q(('is_counted', False)), fields=['occurred_at'], name='analytics_event_uncounted')],
            },
        ),
        migrations.CreateModel(
            name='DataExport',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('ready', 'Ready'), ('ended', 'Ended')], default='pending', max_length=8)),
                ('file', models.CharField(blank=True, max_length=120)),
                ('token_digest', models.CharField(blank=True, max_length=100, null=True, unique=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('downloaded_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exports', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'pending')), fields=('user',), name='data_export_one_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='MailedCode',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('purpose', models.CharField(choices=[('sign_in', 'Sign In'), ('confirm', 'Confirm')], max_length=10)),
                ('email', models.EmailField(max_length=254)),
                ('code_digest', models.CharField(max_length=100)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mailed_codes', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(fields=('user', 'purpose'), name='mailed_code_one_for_each_purpose')],
            },
        ),
        migrations.CreateModel(
            name='Passkey',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('name', models.CharField(max_length=80)),
                ('credential_id', models.CharField(max_length=1400, unique=True)),
                ('credential', models.TextField()),
                ('sign_count', models.PositiveBigIntegerField(default=0)),
                ('is_backed_up', models.BooleanField(default=False)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='passkeys', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PasskeyChallenge',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('purpose', models.CharField(choices=[('register', 'Register'), ('sign-in', 'Sign In'), ('second-factor', 'Second Factor'), ('step-up', 'Step Up')], max_length=13)),
                ('challenge', models.CharField(max_length=64, unique=True)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PasswordLink',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('token_digest', models.CharField(max_length=100, unique=True)),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='password_links', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PendingSignIn',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('token_digest', models.CharField(max_length=100, unique=True)),
                ('form', models.CharField(choices=[('pages', 'Pages'), ('tokens', 'Tokens'), ('console', 'Console')], max_length=8)),
                ('methods', models.JSONField(default=list)),
                ('security_version', models.PositiveIntegerField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('completed_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pending_sign_ins', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.wall, editable=False)),
                ('kind', models.CharField(choices=[('pages', 'Pages'), ('tokens', 'Tokens'), ('console', 'Console')], max_length=8)),
                ('security_version', models.PositiveIntegerField()),
                ('organization_id', models.UUIDField(blank=True, null=True)),
                ('methods', models.JSONField(blank=True, default=list)),
                ('two_factor_at', models.DateTimeField(blank=True, null=True)),
                ('last_seen_at', models.DateTimeField(default=platform_core.clock.wall)),
                ('ip_address', models.GenericIPAddressField(blank=True, null=True)),
                ('user_agent', models.CharField(blank=True, max_length=256)),
                ('idle_expires_at', models.DateTimeField()),
                ('absolute_expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_reason', models.CharField(blank=True, max_length=40)),
                ('handle', models.CharField(blank=True, max_length=32, null=True, unique=True)),
                ('token_digest', models.CharField(blank=True, max_length=100)),
                ('spent', models.JSONField(blank=True, default=list)),
                ('rotated_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('may_write', models.BooleanField(default=True)),
                ('impersonator', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='impersonations', to=settings.AUTH_USER_MODEL)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('handle__isnull', False), ('kind', 'tokens')), models.Q(models.Q(('kind', 'tokens'), _negated=True), ('handle__isnull', True)), _connector='OR'), name='session_tokens_have_a_handle'), models.CheckConstraint(condition=models.Q(('impersonator', None), models.Q(('reason', ''), _negated=True), _connector='OR'), name='session_impersonation_has_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='ExchangeToken',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('token_digest', models.CharField(max_length=100, unique=True)),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exchange_tokens', to='identity.session')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='BrowserSession',
            fields=[
                ('session_key', models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name='session key')),
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('sign_in', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='browsers', to='identity.session')),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Setup',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('completed_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('operator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'setup',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='setup_once')],
            },
        ),
        migrations.CreateModel(
            name='SigningKey',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('private_key', platform_core.encryption.EncryptedTextField(blank=True)),
                ('public_key', models.TextField()),
                ('is_signing', models.BooleanField(default=True)),
                ('retires_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('is_signing', True)), fields=('is_signing',), name='signing_key_one_signs')],
            },
        ),
        migrations.CreateModel(
            name='StaffInvitation',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('email', models.EmailField(max_length=254)),
                ('role', models.CharField(choices=[('OWNER', 'Owner'), ('ADMIN', 'Admin'), ('MANAGER', 'Manager'), ('SUPPORT', 'Support')], max_length=10)),
                ('token_digest', models.CharField(max_length=100, unique=True)),
                ('sent_at', models.DateTimeField(default=platform_core.clock.wall)),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('accepted_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('invited_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('accepted_at', None), ('revoked_at', None)), fields=('email',), name='staff_invitation_one_pending'), models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='staff_invitation_email_lower_case')],
            },
        ),
        migrations.CreateModel(
            name='StepUp',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('purpose', models.CharField(max_length=40)),
                ('expires_at', models.DateTimeField()),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='step_ups', to='identity.session')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('session', 'purpose'), name='step_up_once_a_purpose')],
            },
        ),
        migrations.CreateModel(
            name='TotpDevice',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('secret', platform_core.encryption.EncryptedTextField()),
                ('set_up_at', models.DateTimeField(default=platform_core.clock.wall)),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('last_step', models.BigIntegerField(default=0)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='totp_devices', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'authenticator app',
                'constraints': [models.UniqueConstraint(condition=models.Q(('confirmed_at__isnull', False)), fields=('user',), name='totp_device_one_counts'), models.UniqueConstraint(condition=models.Q(('confirmed_at', None)), fields=('user',), name='totp_device_one_waits')],
            },
        ),
        migrations.CreateModel(
            name='UserActivity',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('organization_id', models.UUIDField(blank=True, null=True)),
                ('active_on', models.DateField()),
                ('events_count', models.PositiveIntegerField(default=0)),
                ('last_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='activities', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'user activities',
                'db_table': 'user_activities',
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['active_on'], name='user_activity_day')],
                'constraints': [models.UniqueConstraint(fields=('user', 'organization_id', 'active_on'), name='user_activity_once_a_day'), models.UniqueConstraint(condition=models.Q(('organization_id', None)), fields=('user', 'active_on'), name='user_activity_alone_once_a_day')],
            },
        ),
    ]
