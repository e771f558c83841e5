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
            name='Deployment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(editable=False, max_length=64, unique=True)),
                ('kind', models.CharField(choices=[('git', 'pages branch'), ('folder', 'folder'), ('rsync', 'rsync')], max_length=10, verbose_name='kind')),
                ('target', models.TextField(verbose_name='target')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('done', 'deployed'), ('failed', 'failed'), ('held', 'waits for an operator')], default='waiting', max_length=10, verbose_name='state')),
                ('wanted', models.CharField(blank=True, editable=False, max_length=64)),
                ('token', models.CharField(blank=True, editable=False, max_length=64)),
                ('commit', models.CharField(blank=True, max_length=64, verbose_name='commit')),
                ('files', models.PositiveIntegerField(default=0, verbose_name='files')),
                ('changed', models.PositiveIntegerField(default=0, verbose_name='files changed')),
                ('removed', models.PositiveIntegerField(default=0, verbose_name='files removed')),
                ('deployed_at', models.DateTimeField(null=True, verbose_name='deployed')),
                ('tried_at', models.DateTimeField(null=True, verbose_name='last try')),
                ('deployer', models.CharField(blank=True, editable=False, max_length=120)),
                ('error', ghost.core.db.fields.ReasonField(verbose_name='last error')),
                ('deletions', models.PositiveIntegerField(null=True, verbose_name='pending deletions')),
                ('asked', models.CharField(blank=True, editable=False, max_length=64)),
                ('allowed', models.CharField(blank=True, editable=False, max_length=64)),
            ],
            options={
                'verbose_name': 'deployment',
                'verbose_name_plural': 'deployments',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Due',
            fields=[
                ('owner', models.CharField(max_length=100, primary_key=True, serialize=False)),
                ('before', models.JSONField(null=True)),
                ('is_new', models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name='NextOutput',
            fields=[
                ('address', models.CharField(max_length=3000, primary_key=True, serialize=False)),
                ('owner', models.CharField(db_index=True, max_length=100)),
                ('is_page', models.BooleanField()),
                ('digest', models.CharField(max_length=64)),
                ('size_bytes', models.PositiveIntegerField()),
                ('languages_set_aside', models.CharField(blank=True, db_index=True, max_length=100)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Output',
            fields=[
                ('address', models.CharField(max_length=3000, primary_key=True, serialize=False)),
                ('owner', models.CharField(db_index=True, max_length=100)),
                ('is_page', models.BooleanField()),
                ('digest', models.CharField(max_length=64)),
                ('size_bytes', models.PositiveIntegerField()),
                ('languages_set_aside', models.CharField(blank=True, db_index=True, max_length=100)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Build',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('running', 'running'), ('done', 'done'), ('unchanged', 'unchanged'), ('failed', 'failed')], default='running', max_length=10, verbose_name='state')),
                ('trigger', models.CharField(max_length=100, verbose_name='requested by')),
                ('revision', models.BigIntegerField(null=True, verbose_name='revision')),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='started')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ('lease_until', models.DateTimeField()),
                ('builder', models.CharField(blank=True, max_length=120)),
                ('resources', models.PositiveIntegerField(null=True, verbose_name='resources')),
                ('pages', models.PositiveIntegerField(null=True, verbose_name='pages')),
                ('files', models.PositiveIntegerField(null=True, verbose_name='files')),
                ('bytes', models.PositiveBigIntegerField(null=True, verbose_name='bytes')),
                ('is_full', models.BooleanField(default=False, verbose_name='everything')),
                ('changed', models.PositiveIntegerField(default=0, verbose_name='files changed')),
                ('is_overtaken', models.BooleanField(default=False)),
                ('release', models.CharField(blank=True, max_length=64, verbose_name='release')),
                ('token', models.CharField(blank=True, max_length=32)),
                ('back_to', models.BigIntegerField(null=True, verbose_name='back to')),
                ('set_aside', models.JSONField(blank=True, default=list, help_text='Addresses of pages that Hugo could not render; the rest is published.', verbose_name='set aside')),
                ('error', ghost.core.db.fields.ReasonField(verbose_name='error')),
            ],
            options={
                'verbose_name': 'build',
                'verbose_name_plural': 'builds',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(models.F('state'), condition=models.Q(('state', 'running')), name='builds_one_running')],
            },
        ),
        migrations.CreateModel(
            name='BuildState',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('built_revision', models.BigIntegerField(default=-1, verbose_name='built revision')),
                ('built_as_of', models.DateTimeField(null=True, verbose_name='built as of')),
                ('synced_revision', models.BigIntegerField(default=-1)),
                ('synced_as_of', models.DateTimeField(null=True)),
                ('generated_at', models.DateTimeField(null=True)),
                ('taxonomy', models.JSONField(default=dict)),
                ('fingerprint', models.CharField(blank=True, max_length=64)),
                ('token', models.CharField(blank=True, max_length=32)),
                ('pages', models.PositiveIntegerField(default=0)),
                ('files', models.PositiveIntegerField(default=0)),
                ('bytes', models.PositiveBigIntegerField(default=0)),
                ('removed_revision', models.BigIntegerField(default=0)),
                ('purged_revision', models.BigIntegerField(default=0)),
                ('removal_token', models.CharField(blank=True, max_length=32)),
                ('removal_due_at', models.DateTimeField(null=True)),
                ('on_site_as_of', models.DateTimeField(null=True)),
                ('held_at', models.CharField(blank=True, max_length=64, verbose_name='held at')),
                ('waited_for_until', models.DateTimeField(null=True)),
                ('postponed_extent', models.CharField(blank=True, max_length=20)),
                ('postponed_by', models.CharField(blank=True, max_length=100)),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='failed builds in a row')),
                ('next_try_at', models.DateTimeField(null=True, verbose_name='next try')),
                ('last_build_at', models.DateTimeField(null=True, verbose_name='last build')),
                ('last_build_commit', models.CharField(max_length=64, null=True, verbose_name='deployed commit')),
                ('last_error', ghost.core.db.fields.ReasonField(verbose_name='last error')),
            ],
            options={
                'verbose_name': 'build state',
                'verbose_name_plural': 'build state',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='builds_one_state')],
            },
        ),
        migrations.CreateModel(
            name='Cover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='digest')),
                ('width', models.PositiveIntegerField(default=0, verbose_name='width')),
                ('height', models.PositiveIntegerField(default=0, verbose_name='height')),
                ('source', models.CharField(blank=True, editable=False, max_length=64)),
                ('uploaded_by', models.CharField(blank=True, max_length=150, verbose_name='uploaded by')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='failed attempts')),
                ('fetched_at', models.DateTimeField(null=True, verbose_name='fetched')),
                ('drawing_version', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('resource', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='cover', to='resources.resource')),
            ],
            options={
                'verbose_name': 'cover',
                'verbose_name_plural': 'covers',
            },
        ),
        migrations.CreateModel(
            name='CoverLease',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('holder', models.CharField(blank=True, max_length=153)),
                ('held_until', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='builds_one_lease')],
            },
        ),
        migrations.CreateModel(
            name='EntryRow',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('entry_json', models.TextField()),
                ('body', models.BinaryField()),
                ('source', models.CharField(max_length=64)),
                ('dht_status', models.CharField(max_length=8)),
                ('missing_since', models.CharField(max_length=32)),
                ('published_at', models.CharField(max_length=32)),
                ('replaces', models.BigIntegerField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['dht_status', 'missing_since'], name='builds_entry_by_health'), models.Index(condition=models.Q(('replaces__isnull', False)), fields=['replaces'], name='builds_entry_by_older')],
            },
        ),
        migrations.CreateModel(
            name='Listing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('all', 'All'), ('category', 'Category'), ('tag', 'Tag'), ('publisher', 'Publisher'), ('team', 'Team'), ('month', 'Month')], max_length=10)),
                ('key', models.CharField(max_length=200)),
                ('count', models.PositiveIntegerField(default=0)),
                ('last', models.PositiveIntegerField(default=1)),
                ('gaps', models.JSONField(default=list)),
                ('spellings', models.JSONField(default=dict)),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('kind'), models.F('key'), name='builds_listing_once')],
            },
        ),
        migrations.CreateModel(
            name='ListingPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('count', models.PositiveIntegerField()),
                ('first_at', models.BigIntegerField()),
                ('first_id', models.BigIntegerField()),
                ('listing', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='pages', to='builds.listing')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['listing', 'number'], name='builds_page_order'),
                ],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ListingEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entry_id', models.BigIntegerField()),
                ('at', models.BigIntegerField()),
                ('listing', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='entries', to='builds.listing')),
                ('page', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='entries', to='builds.listingpage')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['page', 'at', 'entry_id'], name='builds_place_order'),
                ],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=30, verbose_name='step')),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='started')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended')),
                ('is_ok', models.BooleanField(null=True, verbose_name='ok')),
                ('exit_code', models.IntegerField(null=True, verbose_name='exit code')),
                ('output', models.TextField(blank=True, verbose_name='output')),
                ('counts', models.JSONField(blank=True, default=dict, verbose_name='counts')),
                ('done', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('build', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='builds.build')),
            ],
            options={
                'verbose_name': 'step',
                'verbose_name_plural': 'steps',
                'ordering': ['id'],
            },
        ),
        migrations.AddConstraint(
            model_name='listingentry',
            constraint=models.UniqueConstraint(models.F('entry_id'), models.F('listing'), name='builds_place_once'),
        ),
    ]
