"""The public catalog as text in a git repository: committed from one moment's view, and pushed.

`backup.run` does it, `due` says when besides the schedule, `models` what came of it. What was taken down
leaves the history with the next commit. Leans on resources.exchange and builds.deploy.
"""
