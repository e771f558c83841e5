"""The processes of a worker host: a parent, the cluster below it, and who does what. Leans on core.jobs."""
