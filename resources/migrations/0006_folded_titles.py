"""Titles as searches compare them, for what stands already."""

import unicodedata

from django.db import migrations

AT_ONCE = 5000


def fold(title):
    once = unicodedata.normalize("NFKC", title).casefold()
    return unicodedata.normalize("NFKC", once)[:400]


def fill(apps, schema_editor):
    table = schema_editor.quote_name(apps.get_model("resources", "Resource")._meta.db_table)
    with schema_editor.connection.cursor() as cursor:
        last = 0
        while True:
            cursor.execute(
                f"SELECT id, title FROM {table} WHERE id > %s ORDER BY id LIMIT {AT_ONCE}", [last]
            )
            rows = cursor.fetchall()
            if not rows:
                return
            cursor.executemany(
                f"UPDATE {table} SET title_folded = %s WHERE id = %s",
                [(fold(title), pk) for pk, title in rows],
            )
            last = rows[-1][0]


class Migration(migrations.Migration):

    dependencies = [
        ('resources', '0005_lists'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
