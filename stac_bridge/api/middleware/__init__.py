"""Plain ASGI middleware, one per file. ``api/app.py`` has their order."""
