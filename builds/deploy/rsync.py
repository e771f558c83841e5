"""Another host, by rsync over ssh (`user@host:path`) or its own protocol (`rsync://host/module`)."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from builds import reasons
from builds.deploy.target import Guard, Holding, Sent, Site
from ghost.core.errors import OutageError
from ghost.core.io import child_environment, programs

VANISHED = 24
"""rsync's exit code where a file to send is not there: so it is with those to be deleted."""
MAX_MESSAGE_CHARS = 600
LIST_CHARS = 200_000_000
# Files come under another name and take their places together at the end of a run.
# Everybody may read them there, whatever umask the other host has.
_COMMON = ("--recursive", "--times", "--perms", "--chmod=D755,F644", "--protect-args", "--stats")
_SEND = (*_COMMON, "--delay-updates")


@dataclass(frozen=True)
class Rsync:
    """A mirror of the site: what is not of the site is removed from it."""

    to: str
    timeout_s: float
    kind: str = "rsync"

    @property
    def address(self) -> str:
        """Host and path as rsync(1) takes them."""
        return self.to

    def send(self, site: Site, holding: Holding, guard: Guard) -> Sent:
        """Send what changed, then remove what is gone."""
        return self._part(site, holding, guard) if site.changes else self._all(site, guard)

    def _all(self, site: Site, guard: Guard) -> Sent:
        # No file is newer than what is there, and none is missing: deletions are all it tells.
        dry = ("--dry-run", "--existing", "--ignore-existing", "--delete", "--itemize-changes")
        output = self._run(site.folder, *_COMMON, *dry)
        gone = re.findall(r"^\*deleting +(.*[^/\n])$", output, re.M)
        guard(gone)
        sent = self._run(site.folder, *_SEND, "--checksum", "--delete-delay")
        files = sum(1 for _ in site.paths())
        return Sent(files, _stat(sent, "regular files transferred"), len(gone))

    def _part(self, site: Site, holding: Holding, guard: Guard) -> Sent:
        there, gone = site.split()
        guard(gone)
        made = changed = removed = 0
        if there:
            # A file of the same size and second is not the same file.
            output = self._listed(site, there, *_SEND, "--ignore-times")
            made, changed = _stat(output, "created files"), len(there)
        if gone:
            output = self._listed(
                site, _with_folders(site, gone), *_COMMON, "--delete-missing-args", "--force"
            )
            removed = _stat(output, "deleted files")
        return Sent(holding.files + made - removed, changed, removed)

    def _listed(self, site: Site, paths: Iterable[str], *options: str) -> str:
        with tempfile.NamedTemporaryFile(prefix="ghost-rsync-") as listed:
            body = b"".join(path.encode(errors="surrogateescape") + b"\0" for path in paths)
            listed.write(body)
            listed.flush()
            return self._run(site.folder, *options, "--from0", f"--files-from={listed.name}")

    def _run(self, folder: Path, *options: str) -> str:
        done = programs.run(
            ["rsync", *options, "--timeout=120", "--", f"{folder}/", f"{self.to.rstrip('/')}/"],
            timeout_s=self.timeout_s,
            passes=child_environment.RSYNC,
            env={"LC_ALL": "C", "RSYNC_RSH": child_environment.ssh_command("RSYNC_RSH")},
            limit_chars=LIST_CHARS,
        )
        done.log("rsync", most_lines=10)
        is_deletion = "--delete-missing-args" in options
        if done.exit_code and not (is_deletion and done.exit_code == VANISHED):
            words = " ".join(done.text.split())[-MAX_MESSAGE_CHARS:]
            raise OutageError(reasons.RSYNC_FAILED(number=done.exit_code, reason=words))
        return done.text


def _with_folders(site: Site, gone: Iterable[str]) -> list[str]:
    """These, and the folders that are gone with them."""
    found: dict[str, None] = {}
    for path in gone:
        found[path] = None
        for above in PurePosixPath(path).parents:
            if str(above) != "." and not (site.folder / above).exists():
                found[str(above)] = None
    return list(found)


def _stat(text: str, name: str) -> int:
    """A number of `--stats`: that of regular files, where folders are counted beside them."""
    found = re.search(rf"^Number of {name}: ([\d,]+)(?: \((.*)\))?$", text, re.M)
    if not found:
        return 0
    if found[2] is None:
        return int(found[1].replace(",", ""))
    regular = re.search(r"reg: ([\d,]+)", found[2])
    return int(regular[1].replace(",", "")) if regular else 0
