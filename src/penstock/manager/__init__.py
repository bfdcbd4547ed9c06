"""The manager: NIM's API over a database and a data plane. The door to its libraries, each in one module or folder.

    web.py Starlette     store/, migrations/ SQLAlchemy and Alembic     accounts.py argon2
    serving.py uvicorn   certificates.py cryptography

A request goes web -> handlers -> store, and a publish handlers -> publisher -> carrier -> data plane.
"""

from __future__ import annotations

from penstock.manager.app import ManagerApp, open_manager
from penstock.manager.certificates import Certificate
from penstock.manager.serving import Initialised, initialise, serve

__all__ = ["Certificate", "Initialised", "ManagerApp", "initialise", "open_manager", "serve"]
