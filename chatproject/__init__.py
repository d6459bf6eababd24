"""The project: settings, urls and the ASGI application, where the parts are joined."""
