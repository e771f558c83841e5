// The page that searches: what is asked and what is shown. Texts come with the page.

const ROWS = 10;
const PAUSE_MS = 200;
const LISTS = ["category", "health", "year", "size"];
const form = document.getElementById("search");
form.hidden = false;
const [{ FILTERS, Index, nameOf, queryOf }, { Fold }] = await Promise.all(
  [form.dataset.index, form.dataset.fold].map((address) => import(address)),
);

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
  #index = null;
  #fold = null;
  #turn = 0;
  #waiting = 0;
  #categories;
  #trails;
  #parts = Object.fromEntries(
    ["state", "again", "results", "more", "chips", "result", "chip"].map((id) => [id, document.getElementById(id)]),
  );
  #numbers = new Intl.NumberFormat(document.documentElement.lang);
  #plurals = new Intl.PluralRules(document.documentElement.lang);

  constructor() {
    this.#categories = new Map([...form.category.options].map((each) => [Number(each.value), each.dataset]));
    this.#trails = new Map([...this.#categories].map(([id, { trail }]) => [id, trail?.split(" / ")]));
    form.addEventListener("submit", (event) => { event.preventDefault(); this.#ask("pushState"); });
    form.addEventListener("change", (event) => { if (event.target !== form.q) { this.#ask("pushState"); } });
    form.q.addEventListener("input", () => {
      clearTimeout(this.#waiting);
      this.#waiting = setTimeout(() => this.#ask("replaceState"), PAUSE_MS);
    });
    this.#parts.again.addEventListener("click", () => {
      form.names.checked = true;
      this.#ask("pushState");
      form.q.focus();
    });
    addEventListener("popstate", () => this.#answer());
    this.#answer();
  }

  // What is asked stands in the address: it can be kept, sent and gone back to.
  #ask(way) {
    clearTimeout(this.#waiting);
    const given = [...new FormData(form)].map(([name, value]) => [name, value.trim()]);
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
    try {
      await this.#search(asked, isCurrent).catch(() => {
        this.#index = null; // the site may have been published anew: once more, from its manifest
        return this.#search(asked, isCurrent);
      });
    } catch (error) {
      this.#fail(error, isCurrent);
    }
  }

  #fail(error, isCurrent) {
    console.warn(error);
    this.#index = null;
    if (isCurrent()) {
      this.#show([], "error");
    }
  }

  async #search(asked, isCurrent) {
    const { root, table, han } = form.dataset;
    this.#fold ??= await Fold.open(table, han);
    const index = this.#index ?? (await new Index(root).open());
    this.#index = index;
    const query = await queryOf(asked, this.#trails, this.#fold);
    const found = { count: 0, isAll: false };
    const rows = index.rows(query, found);
    const isAsked = query.needles.length > 0 || query.bySize;
    const first = isAsked ? await take(rows, ROWS) : [];
    if (!isCurrent()) {
      return;
    }
    this.#fillYears(index, asked.year);
    this.#show(first, isAsked ? failureOf(query) : "hint");
    if (first.length) {
      this.#count(found);
      this.#parts.more.onclick = () => this.#add(rows, found, isCurrent).catch((error) => this.#fail(error, isCurrent));
    }
  }

  async #add(rows, found, isCurrent) {
    this.#parts.more.hidden = true; // until these are there
    const items = (await take(rows, ROWS)).map((row) => this.#item(row));
    if (isCurrent()) {
      this.#parts.results.append(...items);
      this.#count(found);
      items[0]?.querySelector("a").focus();
    }
  }

  #show(rows, message) {
    this.#parts.results.replaceChildren(...rows.map((row) => this.#item(row)));
    this.#parts.results.hidden = !rows.length;
    this.#parts.more.hidden = true;
    this.#tell(rows.length ? "busy" : message);
  }

  #tell(message) {
    this.#parts.state.textContent = this.#parts.state.dataset[message];
    this.#parts.again.hidden = message !== "unnamed";
  }

  #count({ count, isAll }) {
    this.#parts.state.textContent = this.#counted(this.#parts.state.dataset, count, isAll ? "found" : "least");
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
    const { base } = form.dataset;
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
    link.href = `${form.dataset.base}tags/${encodeURIComponent(Array.isArray(tag) ? tag[1] : tag)}/`;
    return link;
  }

  #fillForm(asked) {
    const { q, names } = form;
    if (q.value.trim() !== (asked.q ?? "")) { // leaves alone what is being typed
      q.value = asked.q ?? "";
    }
    names.checked = Boolean(asked.names);
    form.sort.value = asked.sort === "size" ? "size" : "";
    LISTS.forEach((name) => choose(form[name], asked[name] ?? ""));
    const filters = Object.keys(FILTERS).filter((name) => asked[name]);
    this.#parts.chips.replaceChildren(...filters.map((name) => this.#chip(name, asked[name])));
  }

  #fillYears(index, year = "") {
    const years = index.segments.flatMap((segment) => Object.keys(segment.years));
    const options = [...new Set(years)].sort().reverse().map((each) => new Option(each, each));
    form.year.replaceChildren(form.year.options[0], ...options);
    choose(form.year, year);
  }

  // A filter that can be taken away. One without a list to choose from stands only here.
  #chip(name, value) {
    const chip = this.#parts.chip.content.cloneNode(true).firstElementChild;
    const [input, button] = chip.children;
    const list = LISTS.includes(name) ? form[name] : null;
    if (!list) {
      Object.assign(input, { name, value });
    }
    const chosen = list?.selectedOptions[0];
    const told = `${button.dataset[name]}: ${chosen ? (chosen.dataset.trail ?? chosen.text) : value}`;
    button.textContent = `${told} ×`;
    button.setAttribute("aria-label", fill(button.dataset.label, told));
    button.addEventListener("click", () => {
      chip.remove();
      if (list) {
        list.value = "";
      }
      this.#ask("pushState");
      form.q.focus();
    });
    return chip;
  }
}

// An address may ask for what its list doesn't have: it is shown, as it counts.
function choose(list, value) {
  if (![...list.options].some((each) => each.value === value)) {
    list.add(new Option(value, value));
  }
  list.value = value;
}

// What to say of nothing: file names may still be looked at, for words that are looked for there.
function failureOf({ needles, withNames }) {
  const isNameable = needles.some((needle) => !needle.isFilter && !needle.isPhrase);
  return isNameable && !withNames ? "unnamed" : "none";
}

// As builds composed it: rows leave out the beginning that the hash of version 1 tells.
function magnetOf({ v1, link }) {
  return link.startsWith("magnet:") ? link : `magnet:?xt=urn:btih:${v1}${link}`;
}

new Search();
