"""The admin site's pages about providers, and about servers of tools."""

from django.contrib import admin

from providers.admin_configs import ProviderConfigAdmin
from providers.admin_tools import ToolServerAdmin
from providers.models import ProviderConfig, ToolServer

admin.site.register(ProviderConfig, ProviderConfigAdmin)
admin.site.register(ToolServer, ToolServerAdmin)
