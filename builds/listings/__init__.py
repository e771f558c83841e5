"""Which page of which list a resource stands on. Leans on builds.data and builds.models."""
