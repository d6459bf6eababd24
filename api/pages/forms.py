"""What the pages send: bodies of their scripts, and forms."""

from typing import Annotated
from uuid import UUID

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from pydantic import Field, StringConstraints

from accounts.models import User
from accounts.signing_in import LONGEST_PASSWORD
from accounts.usernames import LONGEST_USERNAME, check_username
from api.attaching import MOST_FILES, AttachmentForm
from api.parsing import Body
from api.responses import Answer

_check_length = MaxLengthValidator(LONGEST_USERNAME)
_Text = Annotated[str, StringConstraints(min_length=1, max_length=1_000_000, pattern=r"\S")]
_Name = Annotated[str, StringConstraints(max_length=500)]
_HEX = "[0-9a-f]"
_Id = Annotated[str, StringConstraints(pattern=f"^{_HEX}{{8}}(-{_HEX}{{4}}){{3}}-{_HEX}{{12}}$")]


class AskForm(Body):
    """Without a provider or a model the server chooses.

    `instead_of` is the id of a question that this is another version of, and `kept` are the ids of
    those of its files that this one has too.
    """

    text: _Text
    provider: _Name = ""
    model: _Name = ""
    attachments: list[AttachmentForm] = Field(default_factory=list)
    instead_of: _Id | None = None
    kept: list[_Id] = Field(default_factory=list, max_length=MOST_FILES)

    @property
    def kept_ids(self) -> list[UUID]:
        return [UUID(id) for id in self.kept]


class AgainForm(Body):
    """`message` is an answer, or a question that nothing came of; None for the latest one."""

    message: _Id | None = None
    provider: _Name = ""
    model: _Name = ""


class ChangeForm(Body):
    """What is absent stays as it is."""

    title: Annotated[str, StringConstraints(max_length=255)] | None = None
    deleted: bool | None = Field(default=None)


class ChooseForm(Body):
    """The version of a message that is to be on the path."""

    message: _Id


class BegunJson(Answer):
    """`html` is the question, if it is new, and the answer that is on its way."""

    turn: UUID
    conversation: UUID
    html: str


class SignInForm(forms.Form):
    username = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_USERNAME,
        widget=forms.TextInput({"autocomplete": "username", "autofocus": True, "dir": "auto"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


class SetupForm(forms.Form):
    username = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_USERNAME,
        widget=forms.TextInput({"autocomplete": "username", "autofocus": True, "dir": "auto"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=LONGEST_PASSWORD,
        help_text=_("At least 8 characters. A few words that do not belong together are good."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def clean_username(self) -> str:
        """As it is stored, which may be longer than what was typed."""
        name = str(User.normalize_username(self.cleaned_data["username"]))
        _check_length(name)
        check_username(name)
        return name


class NameForm(forms.Form):
    full_name = forms.CharField(
        label=_("Full name"),
        max_length=255,
        required=False,
        widget=forms.TextInput({"autocomplete": "name", "dir": "auto"}),
    )


class PasswordForm(forms.Form):
    current = forms.CharField(
        label=_("Current password"),
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )


class KeyForm(forms.Form):
    name = forms.CharField(
        label=_("What the key is for"),
        max_length=100,
        widget=forms.TextInput({"autocomplete": "off", "dir": "auto"}),
    )
