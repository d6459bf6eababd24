"""The admin site's pages about who may ask."""

from django.contrib import admin
from django.contrib.auth.models import Group

from accounts.admin_budgets import BudgetAdmin
from accounts.admin_bypass import RateLimitBypassAdmin
from accounts.admin_keys import ApiKeyAdmin
from accounts.admin_sign_in import SignInForm
from accounts.admin_usage import UsageAdmin
from accounts.admin_users import UserAdmin
from accounts.models import ApiKey, Budget, RateLimitBypass, Usage, User

# Here and not in the settings: no change of looks may take the throttle away.
admin.site.login_form = SignInForm
# Django's groups of permissions: users here have roles.
admin.site.unregister(Group)
admin.site.register(User, UserAdmin)
admin.site.register(ApiKey, ApiKeyAdmin)
admin.site.register(RateLimitBypass, RateLimitBypassAdmin)
admin.site.register(Budget, BudgetAdmin)
admin.site.register(Usage, UsageAdmin)
