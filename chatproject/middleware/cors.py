"""Browser origins (C-8)."""

from corsheaders.conf import conf
from corsheaders.middleware import ACCESS_CONTROL_ALLOW_CREDENTIALS, CorsMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class Cors(CorsMiddleware):
    """Pages that every origin may read are read without credentials by most of them."""

    def add_response_headers(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response = super().add_response_headers(request, response)
        origin = request.headers.get("Origin", "")
        if origin not in conf.CORS_ALLOWED_ORIGINS and not conf.CORS_ALLOW_ALL_ORIGINS:
            del response[ACCESS_CONTROL_ALLOW_CREDENTIALS]
        return response
