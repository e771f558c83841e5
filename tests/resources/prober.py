"""A prober without a network, for tests of what happens around a probe: `settings.PROBER`."""

from ghost.core.errors import OutageError
from ghost.core.text.reasons import words
from resources.models import ProbeStatus, Resource, findings
from tests import make


class FakeProber:
    """Answers as the test says: `outcome` is what `wait` ends with; each wait is in `patience_s`."""

    outcome: bool | Exception | None = True
    patience_s: list[float] = []
    is_able = True
    queued: list[int] = []

    def require(self) -> None:
        if not self.is_able:
            raise OutageError("libtorrent can't be loaded.")

    def enqueue(self, *resource_ids: int) -> str:
        self.queued.append(resource_ids[0])
        return f"task-{resource_ids[0]}"

    def wait(self, resource_id: int, timeout_s: float) -> bool | None:
        self.patience_s.append(timeout_s)
        if self.outcome is None:
            return None
        if isinstance(self.outcome, Exception):
            raise self.outcome
        row = Resource.objects.get(pk=resource_id)
        if self.outcome:
            findings.record_metadata(row, make.torrent_metadata(row.magnet_hash))
        else:
            findings.record_probe_miss(row, ProbeStatus.INACTIVE, words("No peers were found."))
        return self.outcome
