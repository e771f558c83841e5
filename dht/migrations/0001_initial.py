import django.db.models.deletion
import django.utils.timezone
import ghost.core.db.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('resources', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='NodeCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('host', models.CharField(max_length=100, unique=True, verbose_name='host')),
                ('nodes', models.PositiveIntegerField(default=0, verbose_name='DHT nodes')),
                ('counted_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='counted')),
                ('without_since', models.DateTimeField(null=True)),
                ('error', ghost.core.db.fields.ReasonField(verbose_name='error')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Scan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('open', 'under way'), ('done', 'done'), ('stopped', 'stopped'), ('failed', 'failed')], default='open', editable=False, max_length=8, verbose_name='state')),
                ('trigger', models.CharField(max_length=100, verbose_name='requested by')),
                ('requested_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked for')),
                ('started_at', models.DateTimeField(null=True, verbose_name='started')),
                ('ended_at', models.DateTimeField(db_index=True, null=True, verbose_name='ended')),
                ('total', models.PositiveIntegerField(default=0, verbose_name='resources')),
                ('checked', models.PositiveIntegerField(default=0, verbose_name='checked')),
                ('found', models.PositiveIntegerField(default=0, verbose_name='found alive')),
                ('active', models.PositiveIntegerField(default=0, verbose_name='active')),
                ('stale', models.PositiveIntegerField(default=0, verbose_name='stale')),
                ('unknown', models.PositiveIntegerField(default=0, verbose_name='unknown')),
                ('changed', models.PositiveIntegerField(default=0, verbose_name='changed')),
                ('error', ghost.core.db.fields.ReasonField(verbose_name='error')),
                ('task_id', models.CharField(blank=True, editable=False, max_length=40)),
            ],
            options={
                'verbose_name': 'health scan',
                'verbose_name_plural': 'health scans',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('state',), name='dht_one_open_scan')],
            },
        ),
        migrations.CreateModel(
            name='ScanPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('resources', models.JSONField()),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('claim', models.CharField(blank=True, max_length=32)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('scan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='dht.scan')),
            ],
        ),
        migrations.CreateModel(
            name='HealthSample',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('checked_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='checked')),
                ('method', models.CharField(choices=[('dht', 'DHT'), ('tracker', 'tracker'), ('web-seed', 'web seed'), ('metadata', 'metadata')], max_length=16, verbose_name='evidence')),
                ('status', models.CharField(choices=[('Unknown', 'Unknown'), ('Active', 'Active'), ('Stale', 'Stale')], max_length=8, verbose_name='health')),
                ('was', models.CharField(choices=[('Unknown', 'Unknown'), ('Active', 'Active'), ('Stale', 'Stale')], default='Unknown', max_length=8, verbose_name='before')),
                ('num_nodes', models.PositiveIntegerField(default=0, verbose_name='nodes that know peers')),
                ('num_peers', models.PositiveIntegerField(default=0, verbose_name='peers')),
                ('num_seeds', models.PositiveIntegerField(help_text='As reported by a tracker; empty if none reported it.', null=True, verbose_name='seeds')),
                ('resource', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='health_samples', to='resources.resource', verbose_name='resource')),
                ('scan', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='samples', to='dht.scan', verbose_name='scan')),
            ],
            options={
                'verbose_name': 'health sample',
                'verbose_name_plural': 'health samples',
                'ordering': ['-checked_at', '-id'],
                'indexes': [models.Index(condition=models.Q(('was', models.F('status')), _negated=True), fields=['scan'], name='dht_changes_of_scan')],
            },
        ),
    ]
