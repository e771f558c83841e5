"""The public folder: releases, patches between them, and the check before one goes live. Leans on builds.run."""
