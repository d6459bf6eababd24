from django.db import migrations, models

from conversations.ids import new_id


def keep_replaced_as_versions(apps, schema_editor):
    """What was called an error with the code `replaced` is a version like any other."""
    message = apps.get_model("conversations", "Message")
    conversation = apps.get_model("conversations", "Conversation")
    rows = message.objects.filter(role="assistant", error_code="replaced").order_by("id")
    for old in list(rows):
        later = message.objects.filter(parent=old, role="assistant").first()
        old.refresh_from_db()
        old.versions = old.versions or new_id()
        old.status, old.error_code, old.superseded_at = "ready", None, old.updated_at
        old.save()
        if later is not None:
            later.versions, later.parent_id = old.versions, old.parent_id
            later.save()
        own = conversation.objects.filter(pk=old.conversation_id)
        own.update(message_count=models.F("message_count") - 1)


class Migration(migrations.Migration):
    dependencies = [("conversations", "0003_conversations_list_index")]

    operations = [
        migrations.AddField("message", "versions", models.UUIDField(null=True)),
        migrations.AddField("message", "superseded_at", models.DateTimeField(null=True)),
        migrations.AddField("turn", "replaces", models.UUIDField(null=True)),
        migrations.AddField(
            "turn", "request_id", models.CharField(blank=True, default="", max_length=128)
        ),
        migrations.RunPython(keep_replaced_as_versions, migrations.RunPython.noop),
    ]
