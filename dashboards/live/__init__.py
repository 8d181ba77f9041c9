"""The local page of a running session: before, during and after, in one screen."""

from dashboards.live.app import make_app
from dashboards.live.security import Door
from dashboards.live.serve import check_access, serve

__all__ = ["Door", "check_access", "make_app", "serve"]
