"""From the public folder to where readers find it: a pages branch, a folder, another host."""

from builds.deploy.runner import Outcome, deploy, deploy_published, due, is_configured, rows

__all__ = ["Outcome", "deploy", "deploy_published", "due", "is_configured", "rows"]
