"""What a visitor of bench/bench_search.py meets: a server that compresses and counts, and Chromium."""

from __future__ import annotations

import gzip
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
# When the answer was there: the busy text has gone, and so have its frames.
WATCH = """
document.addEventListener("DOMContentLoaded", () => {
  const state = document.getElementById("state");
  new MutationObserver(() => {
    if (state.textContent && state.textContent !== state.dataset.busy) {
      requestAnimationFrame(() => { window.answeredAt = Date.now(); });
    }
  }).observe(state, { childList: true });
});
"""
EVERY = """async ([script, root, asked]) => {
  const { Index, queryOf } = await import(script);
  const { Fold } = await import(new URL("fold.js", new URL(script, location)));
  const fold = await Fold.open(`${root}assets/fold-table.json`, `${root}assets/fold-han.json`);
  const index = await new Index(root).open();
  const ids = [];
  for await (const row of index.rows(await queryOf(asked, new Map(), fold), { count: 0 })) { ids.push(row.id); }
  return ids;
}"""


class Served:
    """A server on loopback that compresses, and counts what it sends of the index."""

    def __init__(self, site: Path) -> None:
        self.bytes = self.requests = 0
        self.last_at_ms = 0.0
        self._site = site
        self._lock = threading.Lock()

    def __enter__(self) -> Served:
        handler = partial(_Handler, self, directory=str(self._site))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.root = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reset(self) -> None:
        """Count anew."""
        self.bytes = self.requests = 0

    def sent(self, size: int) -> None:
        """Note an answer that is on its way."""
        with self._lock:
            self.bytes += size
            self.requests += 1
            self.last_at_ms = time.time() * 1000


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, served: Served, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # passed on
        self._served = served
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        file = path / "index.html" if path.is_dir() else path
        if not file.is_file():
            self.send_error(404)
            return
        body = gzip.compress(file.read_bytes(), 6)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if file.suffix == ".json":
            self._served.sent(len(body))

    def log_message(self, *_: object) -> None:
        pass


class Visitor:
    """Chromium at the search page of a served site."""

    def __init__(self, browser: Browser, served: Served) -> None:
        self._browser = browser
        self._served = served

    def ask(self, query: str) -> dict[str, Any]:
        """One query in a browser that knows nothing yet: what it took, and what was said."""
        context = self._browser.new_context()
        context.add_init_script(WATCH)
        tab = context.new_page()
        self._served.reset()
        tab.goto(f"{self._served.root}/search/?{query}")
        answered_at_ms = tab.wait_for_function("() => window.answeredAt").json_value()
        told = {
            "kb": round(self._served.bytes / 1000, 1),
            "requests": self._served.requests,
            "screen_ms": round(answered_at_ms - self._served.last_at_ms),
            "shown": tab.locator("#results > li").count(),
            "state": tab.locator("#state").inner_text(),
        }
        context.close()
        return told

    def all_ids(self, queries: list[str]) -> Iterator[list[int]]:
        """What the page's own code finds for each query, to the end."""
        tab = self._browser.new_page()
        tab.goto(f"{self._served.root}/search/")
        script = tab.locator("#search").get_attribute("data-index")
        for query in queries:
            yield tab.evaluate(EVERY, [script, "/", {"q": query}])


@contextmanager
def visiting(site: Path) -> Iterator[Visitor]:
    """A visitor of a site, which is served as long."""
    with Served(site) as served, sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield Visitor(browser, served)
        browser.close()
