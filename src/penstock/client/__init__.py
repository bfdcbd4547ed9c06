"""The REST client for NGINX Instance Manager, F5's and ours alike: one code path, whatever carries it.

It is the door to httpx2 (`exchange.py`), truststore (`trust.py`) and keyring (`credentials.py`, imported at first use).
"""

from penstock.client.credentials import Credentials, find_credentials, same_origin
from penstock.client.exchange import asgi_transport
from penstock.client.manager import Begun, DeploymentView, Manager

__all__ = ["Begun", "Credentials", "DeploymentView", "Manager", "asgi_transport", "find_credentials", "same_origin"]
