"""How things stand and what to do about it, as reasons: worded in the language of whoever reads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ghost.core.text.reasons import Reason, ReasonCode, words


def _code(name: str, sentence: object) -> ReasonCode:
    return ReasonCode(f"figures.{name}", sentence)  # type: ignore[arg-type]  # a lazy text


NAMED = 3
"""So many of a kind are named in a sentence; the others are counted."""
PAIR = _code("pair", _("%(first)s, %(rest)s"))
AND_MORE = _code(
    "and_more",
    ngettext_lazy("%(names)s and %(number)s more", "%(names)s and %(number)s more", "number"),
)


def listed(names: Sequence[Reason | str]) -> Reason:
    """These names one after the other, or the first of them and how many more there are."""
    said = [name if isinstance(name, Reason) else words(name) for name in names]
    shown = reduce(lambda first, rest: PAIR(first=first, rest=rest), said[:NAMED])
    more = len(said) - NAMED
    return AND_MORE(names=shown, number=more) if more > 0 else shown


TITLES = {
    "database": _("Database"),
    "writers": _("Writers"),
    "workers": _("Worker"),
    "processes": _("Memory of workers"),
    "web": _("Web server"),
    "queue": _("Queue"),
    "jobs": _("Tasks"),
    "redis": _("Redis"),
    "schedules": _("Schedules"),
    "build": _("Build"),
    "deployments": _("Deployments"),
    "backups": _("Backups"),
    "git_backup": _("Git backup"),
    "libtorrent": _("libtorrent"),
    "dht": _("DHT"),
    "circuits": _("Circuits"),
    "machine": _("Folders and programs"),
    "disk": _("Disk"),
    "memory": _("Memory"),
    "cpu": _("Processors"),
    "swarms": _("Swarms"),
    "alerts": _("Alerts"),
}
"""What the items are called."""

NOTHING_SEEN = _code("nothing_seen", _("nothing seen yet"))
CHECK_FAILED = _code("check_failed", _("the check itself failed: %(error)s"))
READ_LOG = _code("read_log", _("Read the log of the web server, and report what it says."))

ANSWERS = _code("database.answers", _("answers, all migrations applied"))
AWAY = _code("database.away", _("does not answer"))
NOT_MIGRATED = _code("database.not_migrated", _("not migrated"))
START_DATABASE = _code(
    "database.do_start", _("Start the database, or correct GHOST_DATABASE_URL or GHOST_DB_PATH.")
)
MIGRATE = _code("database.do_migrate", _("Run manage.py migrate; the rest follows by itself."))

NO_WRITER_WAITS = _code("writers.none", _("nobody waits long to write"))
WRITERS_WAIT = _code("writers.wait", _("somebody has waited to write for %(seconds)s seconds"))
WRITERS_WAIT_FOR = _code(
    "writers.wait_for",
    _("somebody has waited to write for %(seconds)s seconds; process %(name)s holds the lock"),
)
END_WRITER = _code(
    "writers.do_end",
    _(
        "See what the process that holds the lock does, and end it if it hangs: what it has not committed is undone."
    ),
)

WORKERS = _code(
    "workers.alive",
    ngettext_lazy("%(number)s host works", "%(number)s hosts work", "number"),
)
NO_WORKER = _code("workers.none", _("no worker is running"))
NO_WORKER_YET = _code("workers.never", _("no worker has ever been running"))
START_WORKER = _code(
    "workers.do_start",
    _("Start the worker (the Procfile's line, or manage.py qcluster) and read its log."),
)
NO_CLUSTER = _code("workers.no_cluster", _("the watch lives, but no worker: %(names)s"))
RESTART_WORKER = _code(
    "workers.do_restart", _("Read the worker's log: its cluster does not start; then restart it.")
)
CLOCK_OFF = _code("workers.clock", _("its clock and the database's differ: %(names)s"))
CLOCK_JUMPED = _code("workers.clock_jumped", _("its clock was set to another time: %(names)s"))
SET_CLOCK = _code("workers.do_clock", _("Set the clock of that host by NTP: claims are times."))
WEB = _code(
    "web.alive", ngettext_lazy("%(number)s group serves", "%(number)s groups serve", "number")
)

REPLACED = _code(
    "processes.replaced",
    ngettext_lazy(
        "%(number)s worker process was replaced for its memory within an hour",
        "%(number)s worker processes were replaced for their memory within an hour",
        "number",
    ),
)
REPLACED_OFTEN = _code(
    "processes.often",
    _("worker processes are replaced for their memory again and again: %(names)s"),
)
MORE_MEMORY = _code(
    "processes.do_more",
    _(
        "See in the log after which tasks; raise GHOST_WORKER_MAX_MEMORY_MB, or lower GHOST_WORKERS and give each more."
    ),
)

QUEUE = _code("queue.moves", _("waiting: %(waiting)s, running: %(running)s"))
STUCK = _code("queue.stuck", _("nobody takes what has waited for more than ten minutes"))
QUEUE_DRAINING = _code(
    "queue.draining", _("paused: nothing new starts, still running: %(running)s")
)
QUEUE_DRAINED = _code("queue.drained", _("paused: nothing runs, waiting: %(waiting)s"))
RESUME_QUEUE = _code(
    "queue.do_resume", _("Resume it once it may go on (Queue, or manage.py queue resume).")
)
JOBS_FAILING = _code("jobs.failing", _("%(failed)s of %(ended)s tasks of the last hour failed"))
JOBS = _code("jobs.ended", _("ended in the last hour: %(ended)s, failed: %(failed)s"))
LOOK_AT_FAILED = _code(
    "jobs.do_look", _("Look at what the failed tasks say, and run them again (Failed tasks).")
)
MORE_WORKERS = _code(
    "queue.do_workers",
    _(
        "See whether the worker runs and what keeps it busy (Queue); raise GHOST_WORKERS if it never keeps up."
    ),
)

NO_REDIS = _code("redis.unused", _("not in use: the database hands out the tasks"))
REDIS = _code("redis.answers", _("answers"))
REDIS_AWAY = _code("redis.away", _("does not answer; tasks are taken from the database: %(names)s"))
START_REDIS = _code(
    "redis.do_start", _("Start Redis, or correct GHOST_REDIS_URL; work goes on meanwhile.")
)

SCHEDULED = _code(
    "schedules.run",
    ngettext_lazy("%(number)s runs by the clock", "%(number)s run by the clock", "number"),
)
SCHEDULES_WAIT = _code("schedules.wait", _("they wait until the queue is resumed"))
SCHEDULER_OFF = _code("schedules.off", _("switched off (GHOST_ENABLE_SCHEDULER=0)"))
NOT_SET_UP = _code("schedules.missing", _("missing: %(names)s"))
OVERDUE = _code("schedules.overdue", _("overdue: %(names)s"))
RUN_FAILED = _code("schedules.failed", _("failed last time: %(names)s"))
PREPARE = _code(
    "schedules.do_prepare", _("Restart web server and worker, or run manage.py prepare.")
)
LOOK_AT_WORKER = _code(
    "schedules.do_worker",
    _("See whether the worker runs and what keeps it busy; restart it if it hangs."),
)
LOOK_AT_FAILURES = _code(
    "schedules.do_failures",
    _("Read the error (Failed tasks) and mend its cause; it runs again by itself."),
)

GIT_BACKUP_OFF = _code("git_backup.off", _("switched off (GHOST_GIT_BACKUP_ENABLED=0)"))
NO_GIT_BACKUP_YET = _code("git_backup.none", _("no git backup was made yet"))
GIT_BACKED_UP = _code("git_backup.done", _("commit %(commit)s is pushed"))
GIT_COMMITTED = _code("git_backup.local", _("commit %(commit)s; it stays on this machine"))
GIT_BACKUP_FAILED = _code("git_backup.failed", _("the last git backup failed"))
MEND_GIT_BACKUP = _code(
    "git_backup.do_mend",
    _(
        "Read the error and mend its cause; it is tried again by itself, or at once by manage.py git_backup."
    ),
)

BUILT = _code("build.done", _("the site is as the catalog wants it"))
TO_BUILD = _code("build.pending", _("changes are pending"))
BUILDING = _code("build.running", _("a build is under way"))
NEVER_BUILT = _code("build.never", _("nothing has been built yet"))
BUILD_FAILED = _code("build.failed", _("the last build failed"))
BUILD_OVERDUE = _code("build.overdue", _("changes are pending, and nobody builds them"))
BUILD_LONG = _code("build.long", _("a build has been under way for very long"))
BUILD_HELD = _code("build.held", _("held at an earlier state, and changes are pending"))
READ_BUILD = _code(
    "build.do_read",
    _("Read what the build's steps printed (Builds) and mend it; it is tried again by itself."),
)
BUILD_NOW = _code("build.do_build", _("See whether the worker runs; then press Build now."))
RELEASE_HOLD = _code(
    "build.do_release", _("Press Build now when the site may follow the catalog again.")
)

NOT_DEPLOYED_ANYWHERE = _code("deployments.none", _("no target is configured"))
DEPLOYED_TO = _code(
    "deployments.done",
    ngettext_lazy("%(number)s target has the site", "%(number)s targets have the site", "number"),
)
DEPLOYMENT_WAITS = _code("deployments.waiting", _("on its way: %(names)s"))
DEPLOYMENT_FAILED = _code("deployments.failed", _("failed: %(names)s"))
DEPLOYMENT_HELD = _code("deployments.held", _("waits for an operator: %(names)s"))
DEPLOYMENT_OVERDUE = _code("deployments.overdue", _("nobody has deployed: %(names)s"))
MEND_TARGET = _code(
    "deployments.do_mend",
    _("Mend what the error names (Deployments); it is tried again by itself."),
)
ALLOW = _code(
    "deployments.do_allow", _("Look at what would be deleted (Deployments), and allow it.")
)

BACKED_UP = _code("backups.done", _("the last one is %(name)s"))
NO_BACKUP_YET = _code("backups.none_yet", _("none yet; the first one is not due"))
BACKUPS_PAUSED = _code("backups.paused", _("paused, or switched off with the schedules"))
BACKUP_FAILED = _code("backups.failed", _("the last one failed"))
BACKUP_OVERDUE = _code("backups.overdue", _("overdue"))
BACKUP_UNPROVEN = _code("backups.unproven", _("%(name)s could not be restored"))
PROOF_OVERDUE = _code("backups.proof_overdue", _("none was proven in time"))
PROVE_NOW = _code(
    "backups.do_prove",
    _(
        "Run manage.py backup create, then manage.py backup verify with its file, and mend what it says."
    ),
)
COPY_FAILING = _code("backups.copy_failing", _("copies don't get to the second place"))
MEND_SECOND_PLACE = _code(
    "backups.do_copy",
    _("Look whether GHOST_BACKUP_COPY_TO is mounted, or can be reached, and has room."),
)
BACK_UP_NOW = _code(
    "backups.do_now",
    _(
        "Run manage.py backup create and mend what it says: disk, right to write, GHOST_AGE_RECIPIENT."
    ),
)

LOADED = _code("libtorrent.loaded", _("loaded"))
MOCK_IS_ON = _code(
    "libtorrent.mock",
    _("GHOST_MAGNET_METADATA_BACKEND=mock makes up what probes find; the network is not asked."),
)
USE_LIBTORRENT = _code("libtorrent.do_use", _("Set it to libtorrent for real use."))
NOT_LOADED_HERE = _code("libtorrent.missing", _("can't be loaded by the web server"))
NOT_LOADED_ON = _code("libtorrent.missing_on", _("can't be loaded on %(names)s"))
INSTALL_LIBTORRENT = _code(
    "libtorrent.do_install",
    _(
        "Run make setup (or pip install -r requirements.txt) there and restart; nothing can be probed until then."
    ),
)

NODES = _code(
    "dht.nodes", ngettext_lazy("%(number)s node known", "%(number)s nodes known", "number")
)
NO_NODES = _code("dht.none", _("no node answers"))
OPEN_NETWORK = _code(
    "dht.do_open",
    _(
        "Let UDP through the firewall; look at GHOST_DHT_BOOTSTRAP_NODES and GHOST_DHT_LISTEN_INTERFACES."
    ),
)

CLOSED = _code("circuits.closed", _("none is left alone"))
OPEN = _code("circuits.open", _("left alone after failures: %(names)s"))
MEND_CIRCUIT = _code(
    "circuits.do_mend",
    _(
        "See what each answered last (Circuits), mend it or the setting that names it, and press Try again now."
    ),
)

MACHINE = _code("machine.ready", _("folders can be written, Hugo is there"))
MACHINE_LACKS = _code("machine.lacks", _("can't be used: %(names)s"))
ASK_DOCTOR = _code(
    "machine.do_doctor", _("Run manage.py doctor on that host, and mend what it names.")
)

MEMORY_LEFT = _code("memory.left", _("%(percent)s %% available at least"))
MEMORY_SHORT = _code("memory.short", _("little memory left for five minutes: %(names)s"))
FREE_MEMORY = _code(
    "memory.do_free",
    _(
        "See which process takes it (the rows of this item); lower GHOST_WORKERS or give that host more memory."
    ),
)

CPU_USED = _code("cpu.used", _("%(percent)s %% in use at most"))
CPU_BUSY = _code("cpu.busy", _("all processors busy for twenty minutes: %(names)s"))
EASE_CPU = _code(
    "cpu.do_ease",
    _("See what runs there (Queue, Builds); lower GHOST_WORKERS or move workers to another host."),
)

SWARMS = _code("swarms.share", _("%(percent)s %% of what was checked within a day is active"))
SWARMS_FELL = _code(
    "swarms.fell",
    _("%(percent)s %% of what was checked within a day is active; it was %(before)s %%"),
)
LOOK_AT_SWARMS = _code(
    "swarms.do_look",
    _(
        "Many swarms rarely die at once: look first whether the DHT and trackers answer this host (Health scans)."
    ),
)

NO_CHANNELS = _code("alerts.nobody", _("nobody is told: no channel is configured"))
CHANNELS = _code(
    "alerts.reached", ngettext_lazy("%(number)s is told", "%(number)s are told", "number")
)
CHANNELS_FAIL = _code("alerts.fail", _("can't be reached: %(names)s"))
MEND_CHANNEL = _code(
    "alerts.do_mend",
    _(
        "Read the error (Messages), correct the variable or mend that server, and send a test message."
    ),
)

SPACE = _code("disk.space", _("%(percent)s %% free at least"))
LOW = _code("disk.low", _("little space left: %(names)s"))
FULL = _code("disk.full", _("no space left: %(names)s"))
MAKE_SPACE = _code(
    "disk.do_space",
    _("Make space, or lower GHOST_BACKUP_KEEP, GHOST_SITE_RELEASES_KEEP or GHOST_KEEP_DAYS."),
)
