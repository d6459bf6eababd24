"""The admin site's pages about conversations and turns; nobody's words are on them."""

from django.contrib import admin

from conversations.admin_conversations import ConversationAdmin
from conversations.admin_turns import TurnAdmin
from conversations.models import Conversation, Turn

admin.site.register(Conversation, ConversationAdmin)
admin.site.register(Turn, TurnAdmin)
