"""The admin in a real browser, under its content security policy."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from builds import tasks
from builds.models import Build, BuildState, Step
from dht.models import HealthSample, Scan
from teams.models import Token
from tests import make, operators
from tests.browser import needs_chromium, visit
from tests.presence import present

pytestmark = [needs_chromium, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pages(live_server) -> list[str]:
    """One page of each kind, of an installation that has something of everything."""
    User.objects.create_superuser("root", password="root")
    row = make.resource(title="To go", tags=["one"])
    build = Build.objects.create(
        trigger="x", state="done", lease_until=timezone.now(), ended_at=timezone.now()
    )
    build.steps.create(name="hugo", output="words", is_ok=True, ended_at=timezone.now())
    scan = Scan.objects.create(trigger="root", total=3, checked=1, changed=1)
    HealthSample.objects.create(resource=row, scan=scan, method="dht", status="Active", num_seeds=2)
    addresses = [
        reverse("admin:index"),
        operators.list_of("builds_build"),
        operators.form_of("builds_build", build.pk),
        operators.form_of("dht_scan", scan.pk),
        operators.list_of("dht_scan"),
        operators.list_of("dht_healthsample"),
        operators.list_of("resources_category"),
        operators.list_of("teams_token"),
        operators.form_of("resources_resource", row.pk),
        operators.list_of("resources_resource"),
    ]
    return [live_server.url + address for address in addresses]


def sign_in(page, live_server) -> None:
    page.goto(f"{live_server.url}/admin/")
    page.fill("input[name=username]", "root")
    page.fill("input[name=password]", "root")
    page.click("button[type=submit]")


def test_an_operator_takes_a_resource_down_and_no_page_breaks_the_policy(live_server, pages):
    with visit() as seen:
        page = seen.page
        sign_in(page, live_server)
        for address in pages:
            page.goto(address, wait_until="networkidle")
        page.check("input.action-select >> nth=0")
        page.select_option("select[name=action]", "take_down")
        page.get_by_role("button", name="Run").click()
        page.fill("textarea[name=reason]", "asked to")
        page.get_by_role("button", name="Take down").click()
        page.get_by_text("1 resource taken down").wait_for()
        page.locator("#changelist a", has_text="Filters").click()
        page.select_option("select[name=state]", "taken_down")
        page.get_by_text("Apply Filters").click()
        page.wait_for_url("**state=taken_down**")
        page.get_by_role("link", name="To go").wait_for()

    assert seen.told == []


def test_a_build_is_watched_to_its_end(live_server):
    User.objects.create_superuser("root", password="root")
    build = present(Build.objects.claim("root"))
    build.steps.create(name="export", output="so many", is_ok=True, ended_at=timezone.now())
    step = build.steps.create(name="hugo", done=1, total=3)

    def go_on() -> None:
        Step.objects.filter(pk=step.pk).update(done=2)

    def end() -> None:
        Step.objects.filter(pk=step.pk).update(is_ok=True, ended_at=timezone.now())
        BuildState.succeed(present(build), Build.State.DONE, "token")

    with visit() as seen, ThreadPoolExecutor(1) as database:
        page = seen.page
        sign_in(page, live_server)
        page.goto(live_server.url + operators.form_of("builds_build", build.pk))
        page.get_by_text("1 of 3").first.wait_for()
        page.locator("summary", has_text="Write records").click()
        database.submit(go_on).result()
        page.get_by_text("2 of 3").first.wait_for()
        is_still_open = page.get_by_text("so many").is_visible()
        page.goto(live_server.url + operators.list_of("builds_build"))
        page.get_by_text("2 of 3").wait_for()
        database.submit(end).result()
        page.locator("#result_list").get_by_text("done", exact=True).wait_for()
        database.submit(connections.close_all).result()
        before = len(seen.asked)
        page.wait_for_timeout(2500)
        asked = seen.asked[before:]

    assert is_still_open
    assert asked == []
    assert seen.told == []


def test_an_operator_puts_the_site_back_in_the_browser(live_server, configure):
    configure(site_languages=("en",))
    User.objects.create_superuser("root", password="root")
    row = make.resource(title="One")
    tasks.build_now("change")
    row.title = "Two"
    row.store()
    tasks.build_now("change")
    first = present(Build.objects.last())
    OrmQ.objects.all().delete()

    with visit() as seen:
        page = seen.page
        sign_in(page, live_server)
        page.goto(live_server.url + operators.form_of("builds_build", first.pk))
        page.get_by_role("link", name="Put the site back to this").click()
        page.get_by_role("button", name="Put the site back").click()
        page.get_by_text("Putting the site back is queued.").wait_for()
        page.get_by_text("Your request is waiting for a worker.").wait_for()

    task = OrmQ.objects.get().task
    assert (task["func"], task["args"]) == (tasks.roll_back, (first.pk, "root"))
    assert seen.told == []


def test_a_token_is_issued_and_shown_in_the_browser(live_server, pages):
    with visit() as seen:
        page = seen.page
        sign_in(page, live_server)
        page.goto(live_server.url + reverse("admin:teams_token_add"))
        page.select_option("select[name=role]", "Publisher")
        page.fill("input[name=display_name]", "Zoe")
        page.click("button[name=_save]")
        raw = present(page.locator("#raw-token").text_content())
        page.click("[data-copy]")
        page.get_by_text("I have copied it").click()
        page.wait_for_url("**/teams/token/")
        is_left = raw in page.content()

    assert seen.told == []
    assert present(Token.objects.find_usable(raw)).display_name == "Zoe"
    assert is_left is False


def test_the_list_fits_a_small_screen_and_a_phone(live_server, pages):
    make.resource(title="A long title of a resource, so long that it takes two lines", tags=["a"])
    overflow = """all => all.map(e => [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight])
        .filter(([x, y]) => x > 0 || y > 0)"""
    found = []

    with visit() as seen:
        page = seen.page
        sign_in(page, live_server)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(pages[-1], wait_until="networkidle")
            parts = "#result_list, #result_list th, .simplebar-content-wrapper:has(#result_list)"
            found += page.locator(parts).evaluate_all(overflow)

    assert found == []
