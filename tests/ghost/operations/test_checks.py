"""What an installation is told at start."""

import ipaddress

import pytest

from ghost.operations import checks


@pytest.mark.parametrize(
    ("behind_tls", "proxies", "is_told"),
    [(True, (), True), (True, ("127.0.0.1",), False), (False, (), False)],
)
def test_a_proxy_that_nobody_trusts_is_told(configure, behind_tls, proxies, is_told):
    configure(behind_tls=behind_tls, trusted_proxies=tuple(map(ipaddress.ip_network, proxies)))

    assert ("ghost.E008" in [each.id for each in checks.installation()]) is is_told


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_where_a_folder_is_wanted_is_told(configure, tmp_path, below):
    file = tmp_path / "backups"
    file.write_text("not a folder")
    configure(backup_dir=file / below)

    (told,) = (each for each in checks.installation() if each.id == "ghost.E001")

    assert "GHOST_BACKUP_DIR" in told.msg


@pytest.mark.parametrize(
    ("base", "is_told"),
    [
        ("https://catalog.example.org/", False),
        ("http://catalog.example.org:8000/", False),
        ("/", True),
        ("https://admin.example.org/", True),
    ],
)
def test_links_that_lead_elsewhere_than_to_the_sites_own_name_are_told(configure, base, is_told):
    configure(deploy_mode="integrated", site_host="catalog.example.org", public_baseurl=base)

    assert ("ghost.E014" in [each.id for each in checks.installation()]) is is_told


@pytest.mark.parametrize(
    ("host", "is_told"), [("127.0.0.1", False), ("::1", False), ("0.0.0.0", True)]
)
def test_debugging_where_others_reach_it_is_told(configure, host, is_told):
    configure(debug=True, host=host)

    assert ("ghost.E012" in [each.id for each in checks.installation()]) is is_told
