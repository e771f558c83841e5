import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import ghost.core.db.fields
import ghost.core.moments
import ghost.core.text.addresses
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('teams', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Block',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('info_hash', models.CharField(max_length=64, unique=True, verbose_name='info-hash')),
                ('reason', ghost.core.db.fields.LinesField(blank=True, max_length=2000, verbose_name='reason')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='blocked')),
                ('created_by', models.CharField(blank=True, editable=False, max_length=150, verbose_name='by')),
                ('is_of_takedown', models.BooleanField(default=False, editable=False, verbose_name='of a takedown')),
            ],
            options={
                'verbose_name': 'blocked hash',
                'verbose_name_plural': 'blocklist',
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', ghost.core.db.fields.NameField(error_messages={'blank': 'A name is required.'}, max_length=100, validators=[django.core.validators.MinLengthValidator(1)], verbose_name='name')),
                ('name_folded', ghost.core.db.fields.FoldedField(of='name')),
                ('slug', models.CharField(blank=True, help_text='Part of the address; made from the name if left empty.', max_length=190, verbose_name='slug')),
                ('sort_order', models.IntegerField(default=0, verbose_name='sort order')),
                ('torznab_id', models.PositiveIntegerField(blank=True, help_text='The standard number that Torznab clients also find it by.', null=True, validators=[django.core.validators.MinValueValidator(1000), django.core.validators.MaxValueValidator(8999)], verbose_name='Torznab category')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='updated')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='made_categories', to='teams.token', verbose_name='made by')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='resources.category', verbose_name='parent')),
                ('root', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='subtree', to='resources.category')),
            ],
            options={
                'verbose_name': 'category',
                'verbose_name_plural': 'categories',
                'ordering': ['sort_order', 'name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Resource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', ghost.core.db.fields.LineField(error_messages={'blank': 'A title is required.'}, max_length=300, validators=[django.core.validators.MinLengthValidator(1)], verbose_name='title')),
                ('title_folded', ghost.core.db.fields.FoldedField(of='title')),
                ('magnet_uri', models.TextField(validators=[django.core.validators.MaxLengthValidator(8192)], verbose_name='magnet link')),
                ('magnet_hash', models.CharField(editable=False, max_length=64, unique=True, verbose_name='info-hash')),
                ('magnet_hash_v2', models.CharField(editable=False, max_length=64, null=True, unique=True, verbose_name='v2 info-hash')),
                ('other_hash', models.CharField(blank=True, db_index=True, editable=False, max_length=64)),
                ('content_markdown', ghost.core.db.fields.LinesField(blank=True, help_text='Markdown; no HTML.', verbose_name='description')),
                ('torrent_name', models.CharField(blank=True, default='', editable=False, max_length=255)),
                ('cover_image_url', models.CharField(blank=True, help_text='Address from which the cover is fetched; never published.', max_length=2000, null=True, validators=[django.core.validators.URLValidator(schemes=['http', 'https']), ghost.core.text.addresses.require_plain], verbose_name='cover address')),
                ('cover_image_path', models.CharField(editable=False, max_length=200, null=True)),
                ('cover_error', ghost.core.db.fields.ReasonField(editable=False)),
                ('cover_due_at', models.DateTimeField(editable=False, null=True)),
                ('cover_uploaded_at', models.DateTimeField(editable=False, null=True)),
                ('tags', models.JSONField(blank=True, default=list, verbose_name='tags')),
                ('dht_status', models.CharField(choices=[('Unknown', 'Unknown'), ('Active', 'Active'), ('Stale', 'Stale')], default='Unknown', editable=False, max_length=8, verbose_name='health')),
                ('dht_misses', models.PositiveIntegerField(default=0, editable=False, verbose_name='checks without a sign of life')),
                ('dht_changed_at', models.DateTimeField(editable=False, null=True, verbose_name='health since')),
                ('last_dht_check', models.DateTimeField(db_index=True, editable=False, null=True, verbose_name='last checked')),
                ('seeds', models.PositiveIntegerField(editable=False, null=True, verbose_name='seeds')),
                ('peers', models.PositiveIntegerField(editable=False, null=True, verbose_name='peers')),
                ('last_seen_at', models.DateTimeField(editable=False, null=True, verbose_name='last seen')),
                ('first_missed_at', models.DateTimeField(editable=False, null=True)),
                ('missing_since', models.DateTimeField(editable=False, null=True, verbose_name='missing since')),
                ('seeds_band', models.CharField(choices=[('unknown', 'unknown'), ('0', 'none'), ('1-2', '1 or 2'), ('3-9', '3 to 9'), ('10-49', '10 to 49'), ('50-199', '50 to 199'), ('200+', '200 or more')], default='unknown', editable=False, max_length=8, verbose_name='seeds in bands')),
                ('next_band', models.CharField(choices=[('unknown', 'unknown'), ('0', 'none'), ('1-2', '1 or 2'), ('3-9', '3 to 9'), ('10-49', '10 to 49'), ('50-199', '50 to 199'), ('200+', '200 or more')], default='unknown', editable=False, max_length=8)),
                ('total_size_bytes', models.PositiveBigIntegerField(editable=False, null=True, verbose_name='size')),
                ('file_count', models.PositiveIntegerField(editable=False, null=True, verbose_name='files')),
                ('files_tree_summary', models.TextField(default='', editable=False)),
                ('num_peers', models.PositiveIntegerField(editable=False, null=True, verbose_name='peers of the probe')),
                ('is_private', models.BooleanField(default=False, editable=False, verbose_name='private torrent')),
                ('is_let_through', models.BooleanField(default=False, editable=False)),
                ('probed_at', models.DateTimeField(editable=False, null=True, verbose_name='metadata fetched')),
                ('probe_status', models.CharField(choices=[('pending', 'pending'), ('ok', 'ok'), ('inactive', 'no peers found'), ('timeout', 'peers did not answer'), ('unavailable', 'could not be tried'), ('skipped', 'skipped')], default='pending', editable=False, max_length=12, verbose_name='probe')),
                ('probe_error', ghost.core.db.fields.ReasonField(editable=False, verbose_name='probe error')),
                ('probe_attempts', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='failed probes')),
                ('probe_due_at', models.DateTimeField(db_index=True, editable=False, null=True, verbose_name='next probe')),
                ('probe_claim', models.CharField(blank=True, editable=False, max_length=32)),
                ('probe_claimed_until', models.DateTimeField(editable=False, null=True)),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='updated')),
                ('published_at', models.DateTimeField(blank=True, db_index=True, default=django.utils.timezone.now, help_text='When it becomes public; empty for a draft.', null=True, validators=[ghost.core.moments.require_in_range], verbose_name='published')),
                ('became_public_at', models.DateTimeField(editable=False, null=True, verbose_name='public since')),
                ('takedown_at', models.DateTimeField(editable=False, null=True, verbose_name='taken down')),
                ('takedown_reason', ghost.core.db.fields.LinesField(blank=True, editable=False, verbose_name='reason')),
                ('awaits_review', models.BooleanField(default=False, editable=False, verbose_name='awaits review')),
                ('review_note', ghost.core.db.fields.LinesField(blank=True, editable=False, verbose_name='review')),
                ('licence', models.CharField(blank=True, help_text='An SPDX expression, such as CC-BY-4.0 or MIT OR Apache-2.0.', max_length=200, verbose_name='licence')),
                ('source_url', models.CharField(blank=True, help_text='Where the work comes from; shown on its page.', max_length=2000, validators=[django.core.validators.URLValidator(schemes=['http', 'https']), ghost.core.text.addresses.require_plain], verbose_name='source')),
                ('checksums', models.JSONField(blank=True, default=list, verbose_name='checksums')),
                ('category', models.ForeignKey(error_messages={'invalid': 'There is no such category.'}, on_delete=django.db.models.deletion.PROTECT, related_name='resources', to='resources.category', verbose_name='category')),
                ('publisher', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='resources', to='teams.token', verbose_name='publisher')),
                ('supersedes', models.ForeignKey(blank=True, help_text='The older release that this one replaces.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='successors', to='resources.resource', verbose_name='replaces')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='resources', to='teams.team', verbose_name='team')),
            ],
            options={
                'indexes': [
                    models.Index(condition=models.Q(('cover_due_at__isnull', False)), fields=['cover_due_at'], name='resources_cover_due'),
                    models.Index(condition=models.Q(('awaits_review', True)), fields=['id'], name='resources_awaiting_review'),
                    models.Index(fields=['id', 'title_folded', 'magnet_hash', 'magnet_hash_v2', 'other_hash', 'category', 'publisher', 'team', 'dht_status', 'probe_status', 'takedown_at', 'published_at', 'probed_at', 'awaits_review', 'updated_at', 'became_public_at', 'is_private', 'is_let_through', 'seeds_band', 'seeds', 'last_seen_at', 'missing_since'], name='resources_walk'),
                ],
                'verbose_name': 'resource',
                'verbose_name_plural': 'resources',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='ResourceTag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(max_length=200)),
                ('name', models.CharField(max_length=60)),
                ('rules', models.PositiveSmallIntegerField(default=1)),
                ('resource', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tag_index', to='resources.resource')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['slug', 'resource'], name='resources_tagged'),
                ],
                'verbose_name': 'tag',
                'verbose_name_plural': 'tags',
            },
        ),
        migrations.CreateModel(
            name='TextHash',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('info_hash', models.CharField(max_length=64)),
                ('resource_id', models.BigIntegerField(db_index=True)),
                ('is_of_files', models.BooleanField(default=False)),
                ('gone_at_revision', models.PositiveBigIntegerField(db_index=True, null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('info_hash'), models.F('resource_id'), models.F('is_of_files'), name='resources_text_hash_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='category',
            constraint=models.UniqueConstraint(models.F('parent'), models.F('slug'), name='resources_category_slug_among_siblings', violation_error_code='duplicate', violation_error_message='A sibling already has this slug.'),
        ),
        migrations.AddConstraint(
            model_name='category',
            constraint=models.UniqueConstraint(models.F('slug'), condition=models.Q(('parent', None)), name='resources_category_slug_among_roots', violation_error_code='duplicate', violation_error_message='Another root category already has this slug.'),
        ),
        migrations.AddConstraint(
            model_name='resourcetag',
            constraint=models.UniqueConstraint(models.F('resource'), models.F('slug'), name='resources_tag_once_per_resource'),
        ),
    ]
