"""The local page of a running session: before, during and after, in one screen."""

from dashboards.live.app import make_app
from dashboards.live.security import Door
from dashboards.live.serve import serve

__all__ = ["Door", "make_app", "serve"]
