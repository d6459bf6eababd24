"""The words index proper, kept in step with the rows by the database itself."""

from django.db import DatabaseError, migrations, transaction

SQLITE = (
    # Nothing but the index: the text is in the row. All but ASCII is a word to this tokenizer,
    # and the words are folded and apart already.
    """CREATE VIRTUAL TABLE search_words USING fts5(
        owner, text, content='', columnsize=0, prefix='2 3 4', tokenize="ascii tokenchars '@'"
    )""",
    """CREATE TRIGGER search_words_insert AFTER INSERT ON search_worddocument BEGIN
        INSERT INTO search_words(rowid, owner, text)
            VALUES (new.id, '@' || hex(new.workspace), new.text);
    END""",
    """CREATE TRIGGER search_words_delete AFTER DELETE ON search_worddocument BEGIN
        INSERT INTO search_words(search_words, rowid, owner, text)
            VALUES ('delete', old.id, '@' || hex(old.workspace), old.text);
    END""",
    """CREATE TRIGGER search_words_update AFTER UPDATE ON search_worddocument BEGIN
        INSERT INTO search_words(search_words, rowid, owner, text)
            VALUES ('delete', old.id, '@' || hex(old.workspace), old.text);
        INSERT INTO search_words(rowid, owner, text)
            VALUES (new.id, '@' || hex(new.workspace), new.text);
    END""",
    """INSERT INTO search_words(rowid, owner, text)
        SELECT id, '@' || hex(workspace), text FROM search_worddocument""",
)
SQLITE_BACK = (
    "DROP TRIGGER search_words_update",
    "DROP TRIGGER search_words_delete",
    "DROP TRIGGER search_words_insert",
    "DROP TABLE search_words",
)
POSTGRESQL = (
    # Not to_tsvector: its parser takes words apart by the rules of a locale.
    """CREATE FUNCTION search_words_vector(workspace text, words text) RETURNS tsvector
        IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
            SELECT array_to_tsvector(ARRAY['@' || workspace]) || coalesce(
                (SELECT string_agg(word || ':' || place, ' ')::tsvector
                 FROM unnest(string_to_array(nullif(words, ''), ' '))
                     WITH ORDINALITY AS placed(word, place)),
                ''::tsvector)
        $$""",
    """ALTER TABLE search_worddocument ADD COLUMN tsv tsvector
        GENERATED ALWAYS AS (search_words_vector(workspace, text)) STORED""",
    """CREATE INDEX search_words ON search_worddocument
        USING gin (tsv) WITH (fastupdate = off)""",
)
TRIGRAMS = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX search_known_words ON search_knownword USING gin (text gin_trgm_ops)",
)
POSTGRESQL_BACK = (
    "DROP INDEX IF EXISTS search_known_words",
    "DROP INDEX search_words",
    "ALTER TABLE search_worddocument DROP COLUMN tsv",
    "DROP FUNCTION search_words_vector",
)


def forwards(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor == "sqlite":
        _execute(connection, SQLITE)
        return
    _execute(connection, POSTGRESQL)
    try:
        with transaction.atomic(using=connection.alias):
            _execute(connection, TRIGRAMS)
    except DatabaseError:
        # An old server, or one that does not let us: words are found as they are spelt.
        return


def backwards(apps, schema_editor):
    connection = schema_editor.connection
    _execute(connection, SQLITE_BACK if connection.vendor == "sqlite" else POSTGRESQL_BACK)


def _execute(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("search", "0001_search")]

    operations = [migrations.RunPython(forwards, backwards)]
