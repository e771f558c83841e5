// The search index, as a browser reads it: docs/search.md describes its files.

const MAX_LETTERS = 40; // as in builds/search/terms.py
const HASH_LETTERS = 10;
const MAX_DEPTH = 160;
const ROWS = 10; // whose blocks are fetched at once
const FIRST_ROUND = 10_000; // resources; each round after it looks at twice as many
export const FILTERS = { category: "c", health: "h", year: "y", size: "s", tag: "t", publisher: "p", team: "e" };

export function pairs(run) {
  const letters = [...run];
  return letters.slice(1).map((letter, i) => letters[i] + letter);
}

// The query becomes needles, all of which a resource must have. `terms` lead to candidates; where
// they don't prove it, `check` looks at the row. `hash` is looked for among the hashes too.

const exact = (term) => ({ term, isPrefix: false });

function termsOf(run, isExact, fold) {
  const letters = [...run];
  if (fold.isUnspaced(run)) {
    return letters.length > 1 ? pairs(run).map(exact) : [{ term: run, isPrefix: true }];
  }
  const term = letters.slice(0, MAX_LETTERS).join("");
  return [{ term, isPrefix: !isExact && letters.length > 1 }];
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
const bitsOf = (letter) => BASE32.indexOf(letter).toString(2).padStart(5, "0");
const hexOf = (bits) => bits.match(/.{4}/g).map((four) => Number.parseInt(four, 2).toString(16)).join("");

// A word as hex digits of an info-hash, if it is some of them, a whole one in base32 or a multihash.
function hashOf(run) {
  if (/^1220[0-9a-f]{64}$/.test(run)) {
    return run.slice(4);
  }
  if (/^[0-9a-f]{6,64}$/.test(run)) {
    return run;
  }
  return /^[a-z2-7]{32}$/.test(run) ? hexOf([...run].map(bitsOf).join("")) : "";
}

function wordNeedle(run, isExact, fold) {
  const needle = { terms: termsOf(run, isExact, fold) };
  if (fold.isUnspaced(run) && [...run].length > 2) {
    needle.check = (texts) => texts.some((text) => fold.fold(text).includes(run));
  }
  const hash = hashOf(run);
  return hash ? { ...needle, hash } : needle;
}

function phraseNeedle(words, fold) {
  const pad = (word) => (fold.isUnspaced(word) ? "" : " ");
  const phrase = pad(words[0]) + words.join(" ") + pad(words.at(-1));
  return {
    terms: words.flatMap((word) => termsOf(word, true, fold)),
    check: (texts) => texts.flatMap(fold.readings, fold).some((text) => ` ${fold.runs(text).join(" ")} `.includes(phrase)),
    isPhrase: true,
  };
}

function needlesOf(asked, fold) {
  const link = /urn:bt(?:ih:|mh:1220)([0-9a-z]{32,64})/i.exec(asked.q);
  const parts = link ? [link[1]] : (asked.q ?? "").split(/["“”„]/); // every second one was quoted
  const words = parts.flatMap((part, i) => {
    const found = fold.runs(part);
    const isQuoted = i % 2 === 1;
    return isQuoted && found.length > 1 ? [phraseNeedle(found, fold)] : found.map((run) => wordNeedle(run, isQuoted, fold));
  });
  const filters = Object.entries(FILTERS).filter(([name]) => asked[name]);
  return words.concat(
    filters.map(([name, sign]) => ({ terms: [exact(`#${sign}:${asked[name]}`)], isFilter: true })),
  );
}

// `trails` has the names of each category and those above it, `fold` is a Fold (fold.js).
export async function queryOf(asked, trails, fold) {
  await fold.prepare(asked.q ?? "");
  return {
    needles: needlesOf(asked, fold),
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

export const nameOf = (tag) => (Array.isArray(tag) ? tag[0] : tag);

function isMeant({ check, hash }, row, trails) {
  const texts = [row.title, row.summary, ...row.tags.map(nameOf), ...row.people, ...(trails.get(row.category) ?? [])];
  return check ? check(texts) : row.v1.startsWith(hash) || row.v2.startsWith(hash);
}

function asRow([id, title, summary, category, tags, people, size, bytes, files, health, date, v1, v2, link]) {
  return { id, title, summary, category, tags, people, size, bytes, files, health, date, v1, v2, link };
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
