// The search, in the browser. The files that it reads are described in docs/search.md.

const MAX_LETTERS = 40; // as in builds/search/terms.py
const HASH_LETTERS = 10;
const MAX_DEPTH = 160;
const ROWS = 10;
const FIRST_ROUND = 10_000; // resources; each round after it looks at twice as many
const PAUSE_MS = 200;
const FILTERS = { category: "c", health: "h", year: "y", size: "s", tag: "t", publisher: "p" };

// Terms: the same as builds/search/terms.py

const UNSPACED =
  "\\u3005-\\u3007\\u3021-\\u3029\\u3031-\\u3035\\u3038-\\u303c\\u3041-\\u3096\\u309d-\\u309f\\u30a1-\\u30fa" +
  "\\u30fc-\\u30ff\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff" +
  "\\u{1aff0}-\\u{1b16f}\\u{20000}-\\u{323af}";
const RUN = new RegExp(`[${UNSPACED}]+|(?:(?![${UNSPACED}])[\\p{L}\\p{N}])+`, "gu");
const IS_UNSPACED = new RegExp(`^[${UNSPACED}]`, "u");

export function fold(text) {
  const bare = text.normalize("NFKD").replace(/\p{M}+/gu, "");
  return bare.toLowerCase().normalize("NFC").replaceAll("ς", "σ");
}

export function runs(text) {
  return fold(text).match(RUN) ?? [];
}

export function pairs(run) {
  const letters = [...run];
  return letters.slice(1).map((letter, i) => letters[i] + letter);
}

// The query becomes needles, all of which a resource must have. `terms` lead to candidates; where
// they don't prove it, `check` looks at the row. `hash` is looked for among the hashes too.

const exact = (term) => ({ term, isPrefix: false });

function termsOf(run, isExact) {
  const letters = [...run];
  if (IS_UNSPACED.test(run)) {
    return letters.length > 1 ? pairs(run).map(exact) : [{ term: run, isPrefix: true }];
  }
  const term = letters.slice(0, MAX_LETTERS).join("");
  return [{ term, isPrefix: !isExact && letters.length > 1 }];
}

function wordNeedle(run, isExact) {
  const needle = { terms: termsOf(run, isExact) };
  if (IS_UNSPACED.test(run) && [...run].length > 2) {
    needle.check = (texts) => texts.some((text) => fold(text).includes(run));
  }
  if (/^[0-9a-f]{6,64}$/.test(run)) {
    needle.hash = run;
  }
  return needle;
}

function phraseNeedle(words) {
  const pad = (word) => (IS_UNSPACED.test(word) ? "" : " ");
  const phrase = pad(words[0]) + words.join(" ") + pad(words.at(-1));
  return {
    terms: words.flatMap((word) => termsOf(word, true)),
    check: (texts) => texts.some((text) => ` ${runs(text).join(" ")} `.includes(phrase)),
    isPhrase: true,
  };
}

function needlesOf(asked) {
  const link = /urn:bt(?:ih:|mh:1220)([0-9a-f]{40,64})/i.exec(asked.q);
  const parts = link ? [link[1]] : (asked.q ?? "").split(/["“”„]/); // every second one was quoted
  const words = parts.flatMap((part, i) => {
    const found = runs(part);
    const isQuoted = i % 2 === 1;
    return isQuoted && found.length > 1 ? [phraseNeedle(found)] : found.map((run) => wordNeedle(run, isQuoted));
  });
  const filters = Object.entries(FILTERS).filter(([name]) => asked[name]);
  return words.concat(
    filters.map(([name, sign]) => ({ terms: [exact(`#${sign}:${asked[name]}`)], isFilter: true })),
  );
}

// `trails` has the names of each category and those above it.
export function queryOf(asked, trails) {
  return {
    needles: needlesOf(asked),
    withNames: Boolean(asked.names),
    bySize: asked.sort === "size",
    year: asked.year,
    trails,
  };
}

// Files of the index

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
const VALUES = new Uint8Array(128);
[...DIGITS].forEach((digit, value) => { VALUES[digit.charCodeAt(0)] = value; });

function mark(marks, postings) {
  let number = -1;
  let step = 0;
  for (let i = 0; i < postings.length; i += 1) {
    const value = VALUES[postings.charCodeAt(i)];
    step = step * 32 + (value & 31);
    if (value < 32) {
      number += step + 1;
      marks[number] = 1;
      step = 0;
    }
  }
}

function leavesOf(spelled) {
  const leaves = [];
  const todo = [""];
  for (const sign of spelled) {
    const node = todo.pop();
    if (sign === "1") {
      todo.push(`${node}1`, `${node}0`);
    } else if (sign === "0") {
      leaves.push(node);
    }
  }
  return leaves;
}

function wayTo(term, isPrefix) {
  const bytes = [...new TextEncoder().encode(isPrefix ? term : `${term}\0`)];
  return bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("").slice(0, MAX_DEPTH);
}

const nameOf = (tag) => (Array.isArray(tag) ? tag[0] : tag);

function isMeant({ check, hash }, row, trails) {
  const texts = [row.title, row.summary, ...row.tags.map(nameOf), ...row.people, ...(trails.get(row.category) ?? [])];
  return check ? check(texts) : row.v1.startsWith(hash) || row.v2.startsWith(hash);
}

function asRow([id, title, summary, category, tags, people, size, bytes, files, health, date, v1, v2]) {
  return { id, title, summary, category, tags, people, size, bytes, files, health, date, v1, v2 };
}

export class Index {
  #root;
  #files = new Map();

  constructor(root) {
    this.#root = `${root}search/`;
  }

  // Looked up anew by each page: all else is kept by the browser under its version.
  async open() {
    const manifest = await this.#fetch("manifest.json", { cache: "no-cache" });
    this.ids = manifest.segment_ids;
    this.blockIds = manifest.block_ids;
    this.segments = manifest.segments;
    for (const segment of this.segments) {
      segment.count = Object.values(segment.years).reduce((sum, count) => sum + count, 0);
      for (const set of ["words", "names", "hashes"]) {
        segment[set] = leavesOf(segment[set]);
      }
    }
    return this;
  }

  async #fetch(address, options) {
    const answer = await fetch(this.#root + address, options);
    if (!answer.ok) {
      throw new Error(`${answer.status} ${address}`);
    }
    return answer.json();
  }

  file(segment, name) {
    const address = `${segment.number}/${name}.json?v=${segment.version}`;
    if (!this.#files.has(address)) {
      this.#files.set(address, this.#fetch(address));
    }
    return this.#files.get(address);
  }

  // A resource has a 1 at its place if it has the term.
  async #having(segment, set, { term, isPrefix }) {
    const way = wayTo(term, isPrefix);
    const leaves = segment[set].filter((leaf) => leaf.startsWith(way) || way.startsWith(leaf));
    const marks = new Uint8Array(this.ids);
    for (const entries of await Promise.all(leaves.map((leaf) => this.file(segment, `${set}/t${leaf}`)))) {
      for (const [found, postings] of Object.entries(entries)) {
        if (isPrefix ? found.startsWith(term) : found === term) {
          mark(marks, postings);
        }
      }
    }
    return marks;
  }

  async #havingAll(segment, set, terms) {
    const each = await Promise.all(terms.map((term) => this.#having(segment, set, term)));
    return each.reduce((both, marks) => both.map((one, place) => one & marks[place]));
  }

  // A resource has a 2 at its place if it is meant, a 1 if its row has to be looked at.
  async #grades(segment, needle, withNames) {
    const looks = [[this.#havingAll(segment, "words", needle.terms), needle.check ? 1 : 2]];
    if (withNames && !needle.isFilter && !needle.isPhrase) {
      looks.push([this.#havingAll(segment, "names", needle.terms), 2]);
    }
    if (needle.hash) {
      const term = needle.hash.slice(0, HASH_LETTERS);
      looks.push([this.#having(segment, "hashes", { term, isPrefix: true }), needle.hash === term ? 2 : 1]);
    }
    const found = await Promise.all(looks.map(async ([marks, grade]) => (await marks).map((one) => one * grade)));
    return found.reduce((best, grades) => best.map((grade, place) => Math.max(grade, grades[place])));
  }

  // What a segment has, newest first: its place, the needles to check on its row, its size.
  async #hits(segment, { needles, withNames, bySize }) {
    const [sizes, ...grades] = await Promise.all([
      bySize ? this.file(segment, "sizes") : "",
      ...needles.map((needle) => this.#grades(segment, needle, withNames)),
    ]);
    const hits = [];
    for (let place = this.ids - 1; place >= 0; place -= 1) {
      const size = sizes.slice(place * 2, place * 2 + 2);
      if (needles.length ? grades.every((grade) => grade[place]) : size.trim()) {
        const unsure = needles.filter((_, i) => grades[i][place] === 1);
        hits.push({ segment, place, unsure, size });
      }
    }
    return hits;
  }

  #rounds({ year, bySize }) {
    const rounds = [[]];
    let wanted = FIRST_ROUND;
    let looked = 0;
    for (const segment of this.segments.filter((each) => !year || each.years[year])) {
      if (looked >= wanted && !bySize) {
        rounds.push([]);
        [wanted, looked] = [wanted * 2, 0];
      }
      rounds.at(-1).push(segment);
      looked += segment.count;
    }
    return rounds;
  }

  async #row({ segment, place }) {
    const rows = await this.file(segment, `rows/${Math.floor(place / this.blockIds)}`);
    return asRow(rows.find(([id]) => id === segment.number * this.ids + place));
  }

  // Rows in their order, as many as are asked for. `found` counts: those that are certain, and
  // what may still come.
  async *rows(query, found) {
    const rounds = this.#rounds(query);
    for (const [i, round] of rounds.entries()) {
      const hits = (await Promise.all(round.map((segment) => this.#hits(segment, query)))).flat();
      if (query.bySize) {
        hits.sort((a, b) => (a.size < b.size) - (a.size > b.size)); // stable: then newest first
      }
      found.count += hits.filter((hit) => !hit.unsure.length).length;
      for (let first = 0; first < hits.length; first += ROWS) {
        const some = hits.slice(first, first + ROWS);
        const rows = await Promise.all(some.map((hit) => this.#row(hit)));
        const kept = rows.filter((row, n) => some[n].unsure.every((needle) => isMeant(needle, row, query.trails)));
        found.count += some.filter((hit, n) => hit.unsure.length && kept.includes(rows[n])).length;
        found.isAll = i === rounds.length - 1 && !hits.slice(first + ROWS).some((hit) => hit.unsure.length);
        yield* query.bySize ? kept.sort((a, b) => b.bytes - a.bytes) : kept;
      }
    }
    found.isAll = true;
  }
}

// The page

const fill = (text, value) => text.replace("{n}", () => value);

async function take(rows, count) {
  const taken = [];
  while (taken.length < count) {
    const { value, done } = await rows.next();
    if (done) {
      break;
    }
    taken.push(value);
  }
  return taken;
}

class Search {
  #form;
  #index = null;
  #turn = 0;
  #waiting = 0;
  #categories;
  #trails;
  #parts = Object.fromEntries(
    ["state", "results", "more", "chips", "result", "chip"].map((id) => [id, document.getElementById(id)]),
  );
  #numbers = new Intl.NumberFormat(document.documentElement.lang);
  #plurals = new Intl.PluralRules(document.documentElement.lang);

  constructor(form) {
    this.#form = form;
    this.#categories = new Map([...form.category.options].map((each) => [Number(each.value), each.dataset]));
    this.#trails = new Map([...this.#categories].map(([id, { trail }]) => [id, trail?.split(" / ")]));
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#ask("pushState"); });
    form.addEventListener("change", (event) => { if (event.target !== form.q) { this.#ask("pushState"); } });
    form.q.addEventListener("input", () => {
      clearTimeout(this.#waiting);
      this.#waiting = setTimeout(() => this.#ask("replaceState"), PAUSE_MS);
    });
    addEventListener("popstate", () => this.#answer());
    this.#answer();
  }

  // What is asked stands in the address: it can be kept, sent and gone back to.
  #ask(way) {
    clearTimeout(this.#waiting);
    const given = [...new FormData(this.#form)].map(([name, value]) => [name, value.trim()]);
    const asked = new URLSearchParams(given.filter(([, value]) => value)).toString();
    const address = asked ? `?${asked}` : "";
    if (address !== location.search) {
      history[way](null, "", address || location.pathname);
    }
    this.#answer();
  }

  async #answer() {
    this.#turn += 1;
    const turn = this.#turn;
    const isCurrent = () => turn === this.#turn;
    const asked = Object.fromEntries(new URLSearchParams(location.search));
    this.#fillForm(asked);
    this.#tell("busy");
    await this.#tried(() => this.#search(asked, isCurrent), isCurrent);
  }

  // Twice, since the site may have been published anew since its manifest was read.
  async #tried(work, isCurrent) {
    for (const isLast of [false, true]) {
      try {
        await work();
        return;
      } catch (error) {
        this.#index = null;
        if (isLast && isCurrent()) {
          console.warn(error);
          this.#show([], "error");
        }
      }
    }
  }

  async #search(asked, isCurrent) {
    this.#index ??= await new Index(this.#form.dataset.root).open();
    this.#fillYears(asked.year ?? "");
    const query = queryOf(asked, this.#trails);
    if (!query.needles.length && !query.bySize) {
      this.#show([], "hint");
      return;
    }
    const found = { count: 0, isAll: false };
    const rows = this.#index.rows(query, found);
    const first = await take(rows, ROWS);
    if (isCurrent()) {
      this.#show(first.map((row) => this.#item(row)), "none");
      this.#count(found);
      this.#parts.more.onclick = () => this.#tried(() => this.#showMore(rows, found, isCurrent), isCurrent);
    }
  }

  async #showMore(rows, found, isCurrent) {
    const items = (await take(rows, ROWS)).map((row) => this.#item(row));
    if (isCurrent()) {
      const link = items[0]?.querySelector("a");
      this.#parts.results.append(...items);
      this.#count(found);
      link?.focus();
    }
  }

  #show(items, message) {
    this.#parts.results.replaceChildren(...items);
    this.#parts.results.hidden = !items.length;
    this.#parts.more.hidden = true;
    this.#tell(message);
  }

  #tell(message) {
    this.#parts.state.textContent = this.#parts.state.dataset[message];
  }

  #count({ count, isAll }) {
    if (count) {
      this.#parts.state.textContent = this.#counted(this.#parts.state.dataset, count, isAll ? "found" : "least");
    }
    this.#parts.more.hidden = isAll && this.#parts.results.childElementCount >= count;
  }

  // `found` and 2 make the text in data-found-other.
  #counted(texts, count, name) {
    const isOne = this.#plurals.select(count) === "one";
    return fill(texts[name + (isOne ? "One" : "Other")], this.#numbers.format(count));
  }

  #item(row) {
    const item = this.#parts.result.content.cloneNode(true);
    const at = (selector) => item.querySelector(selector);
    const { base } = this.#form.dataset;
    at(".name").textContent = row.title;
    at(".name").href = `${base}resources/${row.id}/`;
    const category = this.#categories.get(row.category);
    at(".place").textContent = category?.name ?? "";
    at(".place").href = category?.address ?? base;
    at(".place").after(...row.tags.slice(0, 3).flatMap((tag) => [" ", this.#tagLink(tag)]));
    at(".gist").textContent = row.summary;
    at(".facts b").textContent = row.size ?? "";
    at(".facts span").textContent = row.files ? this.#counted(at(".facts span").dataset, row.files, "files") : "";
    for (const health of item.querySelectorAll(`.health:not(.${row.health})`)) {
      health.remove();
    }
    at("time").textContent = row.date;
    at("time").dateTime = row.date;
    at(".pull").href = magnetOf(row);
    at(".pull").setAttribute("aria-label", fill(at(".pull").dataset.label, row.title));
    return item.firstElementChild;
  }

  #tagLink(tag) {
    const link = document.createElement("a");
    link.className = "tag";
    link.textContent = nameOf(tag);
    link.href = `${this.#form.dataset.base}tags/${encodeURIComponent(Array.isArray(tag) ? tag[1] : tag)}/`;
    return link;
  }

  #fillForm(asked) {
    const { q, names } = this.#form;
    if (q.value.trim() !== (asked.q ?? "")) { // leaves alone what is being typed
      q.value = asked.q ?? "";
    }
    names.checked = Boolean(asked.names);
    for (const name of ["category", "health", "size", "sort"]) {
      this.#form[name].value = asked[name] ?? "";
    }
    this.#parts.chips.replaceChildren(...["tag", "publisher"].filter((name) => asked[name]).map((name) => this.#chip(name, asked[name])));
  }

  #fillYears(year) {
    const years = this.#index.segments.flatMap((segment) => Object.keys(segment.years));
    const options = [...new Set(years)].sort().reverse().map((each) => new Option(each, each));
    this.#form.year.replaceChildren(this.#form.year.options[0], ...options);
    this.#form.year.value = year;
  }

  // A filter without a list to choose from: it comes with the address and can be taken away.
  #chip(name, value) {
    const chip = this.#parts.chip.content.cloneNode(true).firstElementChild;
    const [input, button] = chip.children;
    Object.assign(input, { name, value });
    button.textContent = `${button.dataset[name]}: ${value} ×`;
    button.setAttribute("aria-label", fill(button.dataset.label, `${button.dataset[name]}: ${value}`));
    button.addEventListener("click", () => {
      chip.remove();
      this.#ask("pushState");
      this.#form.q.focus();
    });
    return chip;
  }
}

function magnetOf({ title, v1, v2 }) {
  const topics = [v1 && `xt=urn:btih:${v1}`, v2 && `xt=urn:btmh:1220${v2}`].filter(Boolean);
  return `magnet:?${topics.join("&")}&dn=${encodeURIComponent(title)}`;
}

const form = typeof document === "undefined" ? null : document.getElementById("search");
if (form) {
  new Search(form);
}
