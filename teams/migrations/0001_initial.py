import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import ghost.core.db.fields
import ghost.core.moments
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', ghost.core.db.fields.NameField(error_messages={'blank': 'A name is required.'}, max_length=100, validators=[django.core.validators.MinLengthValidator(1)], verbose_name='name')),
                ('name_key', ghost.core.db.fields.NameKeyField(of='name')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
            ],
            options={
                'verbose_name': 'team',
                'verbose_name_plural': 'teams',
                'ordering': ['name', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(max_length=64)),
                ('scope', models.CharField(blank=True, max_length=64)),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['scope', 'subject'], name='teams_attempt_of')],
            },
        ),
        migrations.CreateModel(
            name='Token',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_hash', models.CharField(editable=False, max_length=64, unique=True, verbose_name='hash')),
                ('scheme', models.CharField(choices=[('ghost', 'Ghost'), ('earlier', 'Earlier'), ('argon2', 'Argon2')], default='ghost', editable=False, max_length=8)),
                ('old_hash', models.CharField(editable=False, max_length=64, null=True, unique=True)),
                ('old_hash_until', models.DateTimeField(editable=False, null=True, verbose_name='previous form ends')),
                ('is_inert', models.BooleanField(default=False, editable=False, verbose_name='not activated')),
                ('is_read_only', models.BooleanField(default=False, help_text='It can read, listen to events and search by Torznab, and nothing else.', verbose_name='read-only')),
                ('needs_review', models.BooleanField(default=False, help_text="What it and its teams publish needs an operator's approval.", verbose_name='needs review')),
                ('prefix', models.CharField(editable=False, max_length=16, verbose_name='starts with')),
                ('role', models.CharField(choices=[('Admin', 'Admin'), ('Publisher', 'Publisher'), ('TeamMember', 'Team member')], max_length=16, verbose_name='role')),
                ('display_name', ghost.core.db.fields.NameField(error_messages={'blank': 'A name is required.'}, help_text='Shown on the public site as the publisher.', max_length=100, validators=[django.core.validators.MinLengthValidator(1)], verbose_name='public name')),
                ('name_key', ghost.core.db.fields.NameKeyField(of='display_name')),
                ('note', ghost.core.db.fields.LineField(blank=True, help_text='For operators; never published.', max_length=300, verbose_name='note')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('expires_at', models.DateTimeField(blank=True, null=True, validators=[ghost.core.moments.require_in_range], verbose_name='expires')),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='revoked')),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='last used')),
                ('sent_in_address_at', models.DateTimeField(editable=False, null=True)),
                ('scope_team', models.ForeignKey(blank=True, help_text='The team that a team member publishes for; empty for the other roles.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='members', to='teams.team', verbose_name='team')),
            ],
            options={
                'verbose_name': 'token',
                'verbose_name_plural': 'tokens',
                'ordering': ['-created_at', '-id'],
            },
        ),
        migrations.AddField(
            model_name='team',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='owned_teams', to='teams.token', verbose_name='owner'),
        ),
        migrations.AddConstraint(
            model_name='token',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('role', 'TeamMember'), ('scope_team__isnull', False)), models.Q(models.Q(('role', 'TeamMember'), _negated=True), ('scope_team__isnull', True)), _connector='OR'), name='teams_token_scope_fits_role', violation_error_message='A team member has a team; the other roles have none.'),
        ),
    ]
