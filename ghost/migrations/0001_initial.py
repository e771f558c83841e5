import datetime
import django.db.models.deletion
import django.utils.timezone
import ghost.core.db.fields
import ghost.core.process
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('django_q', '0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more'),
    ]

    operations = [
        migrations.CreateModel(
            name='AlertRule',
            fields=[
                ('silenced_until', models.DateTimeField(editable=False, null=True, verbose_name='silenced until')),
                ('name', models.CharField(editable=False, max_length=40, primary_key=True, serialize=False, verbose_name='name')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('limit', models.FloatField(blank=True, null=True, verbose_name='limit')),
                ('wait_s', models.PositiveIntegerField(blank=True, null=True, verbose_name='wait in seconds')),
            ],
            options={
                'verbose_name': 'alert rule',
                'verbose_name_plural': 'alert rules',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Backup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, unique=True, verbose_name='file')),
                ('kind', models.CharField(choices=[('full', 'full'), ('schema', 'schema')], default='full', max_length=10, verbose_name='type')),
                ('host', models.CharField(max_length=100, verbose_name='host')),
                ('created_at', models.DateTimeField(verbose_name='made at')),
                ('bytes', models.BigIntegerField(verbose_name='size in bytes')),
                ('is_encrypted', models.BooleanField(verbose_name='encrypted')),
                ('read_at', models.DateTimeField(null=True, verbose_name='last read whole')),
                ('proven_at', models.DateTimeField(null=True, verbose_name='last tried to restore')),
                ('is_proven', models.BooleanField(null=True, verbose_name='restored and counted')),
                ('is_counted_only', models.BooleanField(default=False, verbose_name='counted, not restored')),
                ('proof', ghost.core.db.fields.ReasonField(verbose_name='proof')),
                ('tables', models.IntegerField(null=True, verbose_name='tables')),
                ('rows', models.BigIntegerField(null=True, verbose_name='rows')),
                ('files', models.IntegerField(null=True, verbose_name='files')),
                ('copied_to', models.CharField(default='', max_length=500)),
                ('copied_at', models.DateTimeField(null=True, verbose_name='copied at')),
                ('copy_tries', models.IntegerField(default=0, verbose_name='failed copies')),
                ('copy_due_at', models.DateTimeField(null=True, verbose_name='next copy')),
                ('copy_error', ghost.core.db.fields.ReasonField(verbose_name='last error of its copy')),
                ('dropped_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'backup',
                'verbose_name_plural': 'backups',
                'ordering': ['-created_at'],
                'permissions': [('make_backup', 'Can make and prove backups'), ('download_backup', 'Can download backups')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='CatalogCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('counts', models.JSONField(default=dict)),
                ('counted_at', models.DateTimeField()),
                ('seconds', models.FloatField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ConnectionReset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=20, unique=True)),
                ('number', models.PositiveIntegerField(default=0)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='CounterValue',
            fields=[
                ('series', models.CharField(max_length=300, primary_key=True, serialize=False)),
                ('value', models.FloatField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('kind', models.CharField(choices=[('task', 'task'), ('build', 'build'), ('health', 'health'), ('resource', 'resource'), ('resource.on_site', 'on the site'), ('circuit', 'circuit')], max_length=20)),
                ('data', models.JSONField(default=dict)),
                ('more', models.JSONField(null=True)),
                ('is_for_all', models.BooleanField(default=False)),
                ('token_id', models.BigIntegerField(null=True)),
                ('team_id', models.BigIntegerField(null=True)),
            ],
            options={
                'ordering': ['id'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='FirstOperatorLink',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('expires_at', models.DateTimeField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='GitBackup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('began_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('done_at', models.DateTimeField(null=True)),
                ('as_of', models.DateTimeField(null=True)),
                ('failing_since', models.DateTimeField(null=True)),
                ('error', ghost.core.db.fields.ReasonField()),
                ('commit', models.CharField(blank=True, max_length=40)),
                ('resources', models.PositiveIntegerField(default=0)),
                ('is_pushed', models.BooleanField(default=False)),
                ('notes', models.JSONField(default=list)),
            ],
            options={
                'verbose_name': 'git backup',
                'verbose_name_plural': 'git backup',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('task_id', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('probe', 'probe'), ('scan', 'health scan'), ('build', 'build'), ('covers', 'covers'), ('deploy', 'deployment'), ('backup', 'backup'), ('folds', 'texts to compare by'), ('other', 'other')], max_length=10)),
                ('subjects', models.PositiveIntegerField(default=0)),
                ('token_id', models.BigIntegerField(null=True)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('started_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('worker', models.CharField(blank=True, max_length=120)),
                ('stage', models.CharField(blank=True, max_length=30)),
                ('done', models.PositiveBigIntegerField(default=0)),
                ('total', models.PositiveBigIntegerField(default=0)),
                ('is_ok', models.BooleanField(null=True)),
                ('error', ghost.core.db.fields.ReasonField()),
                ('reason', models.TextField(blank=True)),
                ('result', models.JSONField(null=True)),
            ],
            options={
                'ordering': ['-asked_at'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='QueuePause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('paused_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Removal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveBigIntegerField(db_index=True)),
                ('resource_id', models.BigIntegerField()),
                ('kind', models.CharField(choices=[('takedown', 'Takedown'), ('withdrawal', 'Withdrawal'), ('mention', 'Mention')], default='takedown', max_length=10)),
            ],
        ),
        migrations.CreateModel(
            name='ResetRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254)),
                ('language', models.CharField(max_length=10)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Sample',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('host', models.CharField(max_length=100)),
                ('at', models.DateTimeField(db_index=True)),
                ('cores', models.PositiveSmallIntegerField()),
                ('cpu_percent', models.FloatField()),
                ('load_1m', models.FloatField()),
                ('load_5m', models.FloatField()),
                ('load_15m', models.FloatField()),
                ('memory_total_bytes', models.PositiveBigIntegerField()),
                ('memory_available_bytes', models.PositiveBigIntegerField()),
                ('least_free_percent', models.FloatField(default=100)),
                ('disks', models.JSONField(default=list)),
                ('processes', models.JSONField(default=dict)),
            ],
            options={
                'ordering': ['-at'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ScheduleRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True)),
                ('timing', models.CharField(max_length=250)),
                ('expected_since', models.DateTimeField(default=django.utils.timezone.now)),
                ('began_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('is_ok', models.BooleanField(null=True)),
                ('result', models.JSONField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Stream',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_id', models.BigIntegerField(null=True)),
                ('user_id', models.BigIntegerField(null=True)),
                ('role', models.CharField(max_length=16)),
                ('process', models.CharField(max_length=100)),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('seen_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('dropped_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='WorkerReplacement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True)),
                ('host', models.CharField(max_length=100)),
                ('pid', models.PositiveIntegerField()),
                ('memory_mb', models.PositiveIntegerField()),
            ],
            options={
                'ordering': ['-at'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('silenced_until', models.DateTimeField(editable=False, null=True, verbose_name='silenced until')),
                ('rule', models.CharField(max_length=40, verbose_name='rule')),
                ('subject', models.CharField(blank=True, max_length=200, verbose_name='what')),
                ('level', models.CharField(choices=[('warning', 'needs care'), ('critical', 'does not work')], max_length=10, verbose_name='level')),
                ('state', models.CharField(choices=[('pending', 'seen, not told yet'), ('firing', 'wrong'), ('over', 'over')], default='pending', max_length=10, verbose_name='state')),
                ('reason', ghost.core.db.fields.ReasonField(verbose_name='what is wrong')),
                ('advice', ghost.core.db.fields.ReasonField(verbose_name='what to do')),
                ('since', models.DateTimeField(verbose_name='since')),
                ('fired_at', models.DateTimeField(null=True, verbose_name='told first')),
                ('well_since', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True, verbose_name='over since')),
                ('returns', models.PositiveSmallIntegerField(default=0, verbose_name='came back')),
                ('told', models.CharField(blank=True, max_length=10, verbose_name='told')),
                ('told_at', models.DateTimeField(null=True, verbose_name='told at')),
            ],
            options={
                'verbose_name': 'alert',
                'verbose_name_plural': 'alerts',
                'ordering': ['-since', '-id'],
                'constraints': [models.UniqueConstraint(fields=('rule', 'subject'), name='ghost_one_alert')],
            },
        ),
        migrations.CreateModel(
            name='AlertWatch',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('looked_at', models.DateTimeField(null=True)),
                ('looked_by', models.CharField(blank=True, max_length=120)),
                ('digest_until', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='ghost_one_watch')],
            },
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='when')),
                ('actor_kind', models.CharField(choices=[('token', 'token'), ('operator', 'operator'), ('command', 'command line'), ('system', 'Ghost itself'), ('anonymous', 'somebody unknown')], max_length=10, verbose_name='kind of actor')),
                ('actor_name', models.CharField(blank=True, max_length=150, verbose_name='who')),
                ('actor_key', models.BigIntegerField(null=True)),
                ('action', models.CharField(max_length=60, verbose_name='what')),
                ('object_type', models.CharField(max_length=30, verbose_name='kind of object')),
                ('object_key', models.CharField(max_length=64, verbose_name='key')),
                ('object_name', models.CharField(blank=True, max_length=300, verbose_name='object')),
                ('changes', models.JSONField(default=dict, verbose_name='changes')),
                ('address', models.CharField(blank=True, max_length=45, verbose_name='address')),
                ('times', models.PositiveIntegerField(default=1, verbose_name='times')),
                ('request_id', models.CharField(max_length=64, verbose_name='request')),
            ],
            options={
                'verbose_name': 'audit event',
                'verbose_name_plural': 'audit trail',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['object_type', 'object_key'], name='ghost_audit_object'), models.Index(fields=['actor_kind', 'actor_key'], name='ghost_audit_actor'), models.Index(fields=['action'], name='ghost_audit_action'), models.Index(condition=models.Q(('address', ''), _negated=True), fields=['at'], name='ghost_audit_address')],
            },
        ),
        migrations.CreateModel(
            name='Catalog',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('revision', models.PositiveBigIntegerField(default=0, verbose_name='revision')),
                ('urgent_revision', models.PositiveBigIntegerField(default=0)),
                ('removal_revision', models.PositiveBigIntegerField(default=0)),
                ('reason', ghost.core.db.fields.ReasonField(verbose_name='last change')),
                ('changed_at', models.DateTimeField(default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), verbose_name='changed')),
                ('announced_at', models.DateTimeField(default=datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), verbose_name='announced')),
            ],
            options={
                'verbose_name': 'catalog',
                'verbose_name_plural': 'catalog',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='ghost_one_catalog')],
            },
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('resource_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('revision', models.PositiveBigIntegerField(db_index=True)),
                ('on_site_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('on_site_at', None)), fields=['revision'], name='ghost_change_to_come')],
            },
        ),
        migrations.CreateModel(
            name='Circuit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('cover_host', 'cover host'), ('tracker', 'tracker'), ('deploy_target', 'deployment target'), ('webhook', 'webhook'), ('git_backup', 'git backup'), ('mail', 'mail server')], max_length=20, verbose_name='kind')),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('failures', models.PositiveIntegerField(default=0, verbose_name='failures in a row')),
                ('opened_at', models.DateTimeField(null=True, verbose_name='left alone since')),
                ('open_until', models.DateTimeField(null=True, verbose_name='not tried again until')),
                ('trial_until', models.DateTimeField(null=True)),
                ('failed_at', models.DateTimeField(null=True, verbose_name='last failure')),
                ('last_error', ghost.core.db.fields.ReasonField(verbose_name='last error')),
                ('waiting', models.PositiveIntegerField(default=0, verbose_name='waiting')),
            ],
            options={
                'verbose_name': 'circuit',
                'verbose_name_plural': 'circuits',
                'ordering': ['-failed_at', '-id'],
                'indexes': [models.Index(fields=['kind', 'failed_at'], name='ghost_circuit_failed')],
                'constraints': [models.UniqueConstraint(fields=('kind', 'name'), name='ghost_one_circuit')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('alert', 'alert'), ('digest', 'digest'), ('test', 'test')], max_length=10, verbose_name='kind')),
                ('about', models.CharField(blank=True, max_length=255)),
                ('channel', models.CharField(choices=[('mail', 'mail'), ('webhook', 'webhook'), ('apprise', 'apprise')], max_length=10, verbose_name='channel')),
                ('target', models.CharField(max_length=255, verbose_name='target')),
                ('subject', models.CharField(max_length=300, verbose_name='subject')),
                ('text', models.TextField(verbose_name='text')),
                ('html', models.TextField(blank=True)),
                ('data', models.JSONField(default=dict)),
                ('key', models.CharField(max_length=32)),
                ('state', models.CharField(choices=[('waiting', 'on its way'), ('sent', 'sent'), ('failed', 'given up')], default='waiting', max_length=10, verbose_name='state')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='tries')),
                ('created_at', models.DateTimeField(db_index=True, verbose_name='written')),
                ('next_try_at', models.DateTimeField(null=True, verbose_name='next try')),
                ('claimed_until', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ('error', ghost.core.db.fields.ReasonField(verbose_name='last error')),
            ],
            options={
                'verbose_name': 'message',
                'verbose_name_plural': 'messages',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['state', 'next_try_at'], name='ghost_delivery_due'), models.Index(fields=['channel', 'target', 'state'], name='ghost_delivery_target')],
            },
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('worker', 'worker'), ('web', 'web server')], max_length=10)),
                ('host', models.CharField(max_length=100)),
                ('pid', models.PositiveIntegerField()),
                ('version', models.CharField(max_length=40)),
                ('started_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField(db_index=True)),
                ('processes', models.JSONField(default=list)),
                ('facts', models.JSONField(default=dict)),
                ('clock_ahead_s', models.FloatField(default=0)),
            ],
            options={
                'ordering': ['-last_seen_at'],
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('kind', 'host', 'pid'), name='ghost_one_heartbeat')],
            },
        ),
        migrations.CreateModel(
            name='JobPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(db_index=True, max_length=40)),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='ghost.job')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='KeptAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_id', models.BigIntegerField()),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.CharField(max_length=64)),
                ('address', models.CharField(max_length=64)),
                ('made_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('renewed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('held_by', models.CharField(default=ghost.core.process.name, max_length=120)),
                ('nonce', models.BinaryField(max_length=12)),
                ('sealed', models.BinaryField(default=b'')),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(models.F('token_id'), models.F('key'), name='ghost_kept_answer_per_key')],
            },
        ),
        migrations.CreateModel(
            name='QueueEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('task_id', models.CharField(max_length=40, unique=True, verbose_name='task')),
                ('func', models.CharField(max_length=256, verbose_name='function')),
                ('payload', models.TextField(blank=True)),
                ('asked_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='asked for')),
                ('sent_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('cluster', models.CharField(blank=True, db_index=True, max_length=120)),
                ('held_at', models.DateTimeField(null=True)),
                ('worker', models.CharField(blank=True, max_length=120, verbose_name='worker process')),
                ('begun_at', models.DateTimeField(null=True, verbose_name='begun')),
                ('kills', models.PositiveSmallIntegerField(default=0, verbose_name='workers that died of it')),
                ('row', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='entry', to='django_q.ormq')),
            ],
            options={
                'verbose_name': 'queued task',
                'verbose_name_plural': 'queued tasks',
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='SlowCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('request', 'request'), ('query', 'query'), ('task', 'task')], max_length=10)),
                ('name', models.CharField(max_length=300)),
                ('hour', models.DateTimeField(db_index=True)),
                ('calls', models.PositiveIntegerField()),
                ('total_s', models.FloatField()),
                ('longest_s', models.FloatField()),
                ('longest_at', models.DateTimeField()),
                ('where', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(models.F('kind'), models.F('name'), models.F('hour'), name='ghost_slow_call_once')],
            },
        ),
        migrations.CreateModel(
            name='Usage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('caller', models.CharField(max_length=80)),
                ('window', models.BigIntegerField(db_index=True)),
                ('count', models.PositiveBigIntegerField(default=0)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(models.F('caller'), models.F('window'), name='ghost_usage_once')],
            },
        ),
    ]
