"""Why the catalog changed though no resource did, as a reason that is stored."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ghost.core.text.reasons import ReasonCode

RENAMED = ReasonCode("teams.renamed", _("“%(name)s” has a new public name"))
