import django.db.models.deletion
import django.db.models.functions.text
import platform_core.clock
import platform_core.models.rows
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('billing', '0001_initial'),
        ('identity', '__first__'),
        ('orgs', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='FleetWatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('swept_at', models.DateTimeField(blank=True, null=True)),
                ('quiet_until', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name_plural': 'fleet watch',
            },
        ),
        migrations.CreateModel(
            name='Server',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('provider', models.CharField(max_length=20)),
                ('external_id', models.CharField(blank=True, max_length=200)),
                ('status', models.CharField(choices=[('reserved', 'Reserved'), ('online', 'Online'), ('late', 'Late'), ('offline', 'Offline')], default='reserved', max_length=10)),
                ('ip_address', models.GenericIPAddressField()),
                ('ssh_port', models.PositiveIntegerField(default=22022)),
                ('agent_url', models.URLField(blank=True, max_length=300)),
                ('machine_id', models.CharField(blank=True, max_length=80)),
                ('agent_version', models.CharField(blank=True, max_length=40)),
                ('key_digest', models.CharField(blank=True, db_index=True, max_length=100)),
                ('key_prefix', models.CharField(blank=True, max_length=12)),
                ('key_used_at', models.DateTimeField(blank=True, null=True)),
                ('previous_key_digest', models.CharField(blank=True, db_index=True, max_length=100)),
                ('registered_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-created_at'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('key_digest', ''), _negated=True), fields=('key_digest',), name='server_key_unique')],
            },
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('status', models.CharField(choices=[('PAYMENT_CONFIRMED', 'Payment confirmed'), ('AWAITING_SERVER', 'Awaiting server'), ('SERVER_READY', 'Server ready'), ('DNS_PENDING', 'DNS pending'), ('DNS_READY', 'DNS ready'), ('PROVISIONING', 'Provisioning'), ('FULFILLED', 'Fulfilled'), ('FAILED', 'Failed'), ('SUSPENDED', 'Suspended'), ('CANCELED', 'Canceled')], default='PAYMENT_CONFIRMED', max_length=20)),
                ('automation', models.CharField(choices=[('AUTO', 'Auto'), ('MANUAL', 'Manual'), ('PAUSED', 'Paused')], default='AUTO', max_length=8)),
                ('domain', models.CharField(max_length=253)),
                ('tools', models.JSONField(blank=True, default=list)),
                ('failure', models.CharField(blank=True, max_length=500)),
                ('fulfilled_at', models.DateTimeField(blank=True, null=True)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='orgs.organization')),
                ('subscription', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='order', to='billing.subscription')),
            ],
            options={
                'ordering': ['-created_at'],
                'permissions': [('provision_order', 'Can provision an order')],
                'indexes': [models.Index(fields=['status', '-created_at'], name='order_status')],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('domain'), name='order_domain_unique')],
            },
        ),
        migrations.CreateModel(
            name='DnsRecord',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('name', models.CharField(max_length=253)),
                ('expected', models.GenericIPAddressField()),
                ('seen', models.JSONField(default=list)),
                ('outcome', models.CharField(choices=[('MATCH', 'Match'), ('MISMATCH', 'Mismatch'), ('NXDOMAIN', 'Nxdomain'), ('NODATA', 'Nodata'), ('TIMEOUT', 'Timeout'), ('SERVFAIL', 'Servfail')], max_length=8)),
                ('checked_at', models.DateTimeField()),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='dns_records', to='tenants.order')),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(fields=('order', 'name'), name='dns_record_once')],
            },
        ),
        migrations.CreateModel(
            name='ConfigRevision',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('version', models.PositiveIntegerField()),
                ('body', models.JSONField()),
                ('sha256', models.CharField(max_length=64)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='config_revisions', to='tenants.order')),
            ],
            options={
                'ordering': ['-version'],
                'constraints': [models.UniqueConstraint(fields=('order', 'version'), name='config_revision_numbered')],
            },
        ),
        migrations.CreateModel(
            name='RegistrationToken',
            fields=[
                ('id', models.UUIDField(default=platform_core.models.rows.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(default=platform_core.clock.now, editable=False)),
                ('digest', models.CharField(max_length=100, unique=True)),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(blank=True, null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('machine_id', models.CharField(blank=True, max_length=80)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='registration_tokens', to='tenants.order')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True)), fields=('order',), name='registration_token_one_valid')],
            },
        ),
        migrations.CreateModel(
            name='ServerBeat',
            fields=[
                ('server', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='beat', serialize=False, to='tenants.server')),
                ('last_seen_at', models.DateTimeField(blank=True, null=True)),
                ('alert_after', models.DateTimeField(blank=True, null=True)),
                ('beat_count', models.PositiveBigIntegerField(default=0)),
                ('config_version', models.PositiveIntegerField(default=0)),
                ('seen_config_version', models.PositiveIntegerField(default=0)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ServerStatus',
            fields=[
                ('server', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='reported', serialize=False, to='tenants.server')),
                ('body', models.JSONField()),
                ('body_hash', models.CharField(max_length=64)),
                ('updated_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'server statuses',
            },
        ),
        migrations.AddField(
            model_name='server',
            name='order',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='server', to='tenants.order'),
        ),
    ]
