"""Penstock: the sluice gate between a git repository of NGINX configuration and the fleet that runs it."""

__version__ = "0.1.0"
