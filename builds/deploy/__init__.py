"""From the public folder to where readers find it: a pages branch, a folder, another host. Leans on builds.tree."""

from builds.deploy.runner import DeployReport, deploy, deploy_published, due, is_configured, rows

__all__ = ["DeployReport", "deploy", "deploy_published", "due", "is_configured", "rows"]
