"""The files in deploy/, the Dockerfile and compose.yaml: read by the programs that will read them."""

from __future__ import annotations

import http.client
import http.server
import ipaddress
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ghost.core.config.env import BASE_DIR
from ghost.core.http.request.client_address import client_address
from tests.installation import free_port, wait_for

DEPLOY = BASE_DIR / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
PRIVATE = (
    "/admin/", "/api/x", "/api/ops/queues", "/metrics", "/health", "/api/health", "/ready",
    "/_headers",
)  # fmt: skip
"""What the public name must know nothing of."""
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


def needs(program: str) -> pytest.MarkDecorator:
    """Skipped where the program is missing, but in CI, which installs it (.ci/run)."""
    is_missing = shutil.which(program) is None and not os.environ.get("CI")
    return pytest.mark.skipif(is_missing, reason=f"{program} is not installed")


def run(*argv: object, **more) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(part) for part in argv],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **more,
    )


@needs("systemd-analyze")
def test_systemd_understands_each_unit(tmp_path):
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("gunicorn", "python"):
        (programs / name).symlink_to("/bin/true")
    for unit in UNITS:
        text = unit.read_text().replace("/srv/ghost", str(tmp_path))
        (tmp_path / unit.name).write_text(text)

    done = run("systemd-analyze", "verify", *(tmp_path / unit.name for unit in UNITS))

    assert (done.returncode, done.stderr) == (0, "")
    assert len(UNITS) == 3


@needs("systemd-analyze")
@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_systemd_finds_little_exposed(unit):
    done = run("systemd-analyze", "security", "--offline=true", "--threshold=15", unit)

    assert done.returncode == 0, done.stdout[-300:]


@needs("hadolint")
def test_the_dockerfile_is_as_one_writes_them():
    done = run("hadolint", BASE_DIR / "Dockerfile")

    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_has_what_runs_and_no_secret_or_data():
    text = (BASE_DIR / ".dockerignore").read_text()
    kept = {line[1:] for line in text.splitlines() if line.startswith("!")}

    assert all((BASE_DIR / name).exists() for name in kept)
    assert not kept & {".env", "var", ".git", "tests"}
    assert kept >= {
        "ghost",
        "teams",
        "resources",
        "dht",
        "builds",
        "templates",
        "static",
        "manage.py",
    }


def test_each_container_may_do_no_more_than_it_must():
    compose = yaml.safe_load((BASE_DIR / "compose.yaml").read_text())

    ours = {"migrate", "web", "worker"}
    assert set(compose["services"]) == ours | {"database", "redis"}
    for name, service in compose["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        # Ghost's image has a user of its own; nobody is root.
        assert service.get("user") == (None if name in ours else "999:999"), name
        assert service.get("ports", []) == (["127.0.0.1:8000:8000"] if name == "web" else [])
    assert "USER 10001" in (BASE_DIR / "Dockerfile").read_text()


@needs("caddy")
def test_caddy_understands_its_file(tmp_path):
    env = os.environ | {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}

    done = run(
        "caddy", "validate", "--config", DEPLOY / "proxies" / "Caddyfile",
        "--adapter", "caddyfile", env=env,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "Valid configuration" in done.stdout + done.stderr


class Behind(http.server.BaseHTTPRequestHandler):
    """Stands for Ghost: it says that it was reached."""

    def do_GET(self):
        self.send_response(200 if self.headers["Host"] in ("admin.example.org", "ready") else 400)
        self.end_headers()
        told = [self.headers.get(f"X-Forwarded-{name}", "") for name in ("Proto", "For")]
        self.wfile.write(f"private: {' from '.join(told)}".encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def behind():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def certificate(folder: Path) -> None:
    """A certificate and its key, in the names that the example has."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example.org")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    for host in ("admin", "catalog"):
        (folder / f"{host}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        form = serialization.PrivateFormat.PKCS8
        secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        (folder / f"{host}.key").write_bytes(secret)


class Nginx:
    """nginx with our example, in a folder and on ports of its own."""

    def __init__(self, folder: Path, behind: int, operators: str) -> None:
        self.port, self.folder = free_port(), folder
        certificate(folder)
        site = folder / "site"
        site.mkdir()
        for name in ("index.html", "404.html", "_headers"):
            (site / name).write_text(f"public {name}")
        text = (DEPLOY / "proxies" / "nginx.conf").read_text()
        for old, new in (
            ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
            ("    listen [::]:80;\n", ""),
            ("    listen [::]:443 ssl http2;\n", ""),
            ("listen 443", f"listen 127.0.0.1:{self.port}"),
            ("/etc/ssl/ghost", str(folder)),
            ("/srv/ghost/var/site-workdir/public", str(site)),
            ("/var/log/nginx/ghost.log", str(folder / "access.log")),
            ("127.0.0.1:8000", f"127.0.0.1:{behind}"),
            ("127.0.0.0/8 1;", f"127.0.0.0/8 {operators};"),
        ):
            assert old in text
            text = text.replace(old, new)
        own = [f"{name}_temp_path {folder}/{name};" for name in
               ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")]  # fmt: skip
        user = "user root;\n" if os.geteuid() == 0 else ""
        self.file = folder / "nginx.conf"
        self.file.write_text(
            f"{user}daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
            f"http {{\n{chr(10).join(own)}\n{text}\n}}\n"
        )

    def __enter__(self) -> Nginx:
        done = run("nginx", "-t", "-c", self.file)
        assert done.returncode == 0, done.stderr
        assert "warn" not in done.stderr
        self.process = subprocess.Popen(["nginx", "-c", str(self.file)])
        wait_for("nginx", self._answers)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def _answers(self) -> bool:
        try:
            return bool(self.get("catalog", "/")[0])
        except OSError:
            return False

    def get(
        self, host: str, path: str, caller: str = "127.0.0.1", **headers: str
    ) -> tuple[int, str]:
        """Status and body of what that name answers."""
        name = f"{host}.example.org"
        connection = http.client.HTTPConnection(name)
        connection.sock = ssl._create_unverified_context().wrap_socket(
            socket.create_connection(("127.0.0.1", self.port), 10, source_address=(caller, 0)),
            server_hostname=name,
        )
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        found = answer.status, answer.read().decode()
        connection.close()
        return found


@needs("nginx")
def test_nginx_keeps_the_private_plane_private(tmp_path, behind):
    with Nginx(tmp_path, behind, operators="1") as nginx:
        public = [nginx.get("catalog", path) for path in PRIVATE]
        front = nginx.get("catalog", "/")
        private = [nginx.get("admin", path) for path in ("/admin/", "/api/x?apikey=zqsecret")]

        with pytest.raises(ssl.SSLError):
            nginx.get("unknown", "/")

    assert front == (200, "public index.html")
    assert public == [(404, "public 404.html")] * len(PRIVATE)
    assert private == [(200, "private: https from 127.0.0.1")] * 2
    told = (tmp_path / "access.log").read_text()
    assert "/api/x" in told
    assert "zqsecret" not in told


@needs("nginx")
def test_nginx_says_who_asks_so_that_ghost_is_not_deceived(tmp_path, behind, configure, rf):
    configure(trusted_proxies=(ipaddress.ip_network("127.0.0.1"),))
    with Nginx(tmp_path, behind, operators="1") as nginx:
        _, told = nginx.get(
            "admin", "/admin/", "127.0.0.7",
            **{"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"},
        )  # fmt: skip

    assert told == "private: https from 203.0.113.9, 127.0.0.7"
    hops = told.partition(" from ")[2]
    assert client_address(rf.get("/", headers={"X-Forwarded-For": hops})) == "127.0.0.7"


@needs("nginx")
def test_nginx_shows_the_admin_to_operators_alone(tmp_path, behind):
    paths = (
        "/admin",
        "/admin/login/",
        "/metrics",
        "/health",
        "/api/health",
        "/api/x",
        "/administer",
    )
    disguised = ("/%61dmin/", "//admin/", "/x/../admin/", "/admin/?a=/api")

    with Nginx(tmp_path, behind, operators="0") as nginx:
        statuses = [nginx.get("admin", path)[0] for path in paths]
        hidden = [nginx.get("admin", path)[0] for path in disguised]

    assert statuses == [403] * 5 + [200] * 2
    assert hidden == [403] * len(disguised)


@pytest.mark.parametrize(("names", "is_well"), [("", False), ("ready,x", True), ("x", False)])
def test_the_container_asks_by_a_name_that_it_answers_to(behind, names, is_well):
    env = {"PORT": str(behind), "GHOST_ALLOWED_HOSTS": names}

    done = run(sys.executable, "-S", DEPLOY / "container_health.py", env=env)

    assert (done.returncode == 0) is is_well, done.stderr


def test_documents_name_each_file():
    told = (BASE_DIR / "docs" / "deployment.md").read_text()

    files = [
        *UNITS,
        *(DEPLOY / "proxies").iterdir(),
        BASE_DIR / "Dockerfile",
        BASE_DIR / "compose.yaml",
    ]
    named = [file.relative_to(BASE_DIR).as_posix() for file in files]
    assert [name for name in named if name not in told] == []
