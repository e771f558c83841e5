// How texts are compared, and the words in them: ghost/core/text/folding.py and builds/search/terms.py do the
// same, with the same table. The part of it for Han is fetched only once a query has some.

const SYLLABLES = 0xac00;
const NO_FINAL = 0x11a7;

// Each line: how far behind the last character, how many more, and what they become (make_fold_table.py).
function* charsOf(lines) {
  let code = 0;
  for (const line of lines.split("\n")) {
    const [, distance, kind, more, first] = /^([0-9a-z]+)([=+*]?)([0-9a-z]*) (.*)$/su.exec(line);
    const step = kind === "*" ? 2 : 1;
    let to = first;
    code += Number.parseInt(distance, 36);
    yield [code, to];
    for (let left = Number.parseInt(more || "0", 36); left > 0; left -= 1) {
      code += step;
      to = kind === "=" ? to : String.fromCodePoint(to.codePointAt(0) + step);
      yield [code, to];
    }
  }
}

function syllable(_, lead, vowel, final = String.fromCharCode(NO_FINAL)) {
  const pair = (lead.charCodeAt(0) - 0x1100) * 21 + vowel.charCodeAt(0) - 0x1161;
  return String.fromCharCode(SYLLABLES + pair * 28 + final.charCodeAt(0) - NO_FINAL);
}

function withFinal(both) {
  const [open, final] = [both.charCodeAt(0), both.charCodeAt(1)];
  return (open - SYLLABLES) % 28 ? both : String.fromCharCode(open + final - NO_FINAL);
}

async function json(address) {
  const answer = await fetch(address);
  if (!answer.ok) {
    throw new Error(`${answer.status} ${address}`);
  }
  return answer.json();
}

export class Fold {
  #han = null;
  #hanAddress;
  #chars;
  #order;
  #kana;
  #patterns;

  static async open(table, han) {
    return new Fold(await json(table), han);
  }

  constructor(table, hanAddress) {
    this.#hanAddress = hanAddress;
    this.#chars = new Map(charsOf(table.chars));
    this.#order = new Map(table.order.flatMap((marks, place) => [...marks].map((mark) => [mark, place])));
    this.#kana = new Map(table.voiced);
    const [marks, noWord] = [table.order.join(""), `${table.punctuation}${table.signs} `];
    this.#patterns = {
      cjk: new RegExp(`[${table.cjk}]`, "u"),
      apostrophe: new RegExp(`[${table.apostrophes}]`, "gu"),
      several: new RegExp(`[${marks}]{2,}`, "gu"),
      loose: new RegExp(`[${marks}\u1161-\u1175\u11a8-\u11c2]`, "u"),
      run: new RegExp(`[${table.unspaced}]+|[^${noWord}${table.unspaced}]+`, "gu"),
      unspaced: new RegExp(`^[${table.unspaced}]`, "u"),
    };
  }

  // To be awaited before a text is asked for that may have Han in it.
  async prepare(text) {
    if (this.#patterns.cjk.test(text)) {
      this.#han ??= json(this.#hanAddress).catch((error) => {
        this.#han = null; // to be tried again
        throw error;
      });
      const han = await this.#han;
      const to = han.to.split("\n");
      [...han.from].forEach((char, place) => this.#chars.set(char.codePointAt(0), to[place]));
    }
  }

  fold(text) {
    const plain = Array.from(text, (char) => this.#chars.get(char.codePointAt(0)) ?? char).join("");
    return this.#joined(plain).split(" ").filter(Boolean).join(" ");
  }

  #joined(text) {
    if (!this.#patterns.loose.test(text)) {
      return text;
    }
    const place = (mark) => this.#order.get(mark);
    return text
      .replace(this.#patterns.several, (marks) => [...marks].sort((a, b) => place(a) - place(b)).join(""))
      .replace(/[\u3041-\u309f][\u3099\u309a]/gu, (both) => this.#kana.get(both) ?? both)
      .replace(/([\u1100-\u1112])([\u1161-\u1175])([\u11a8-\u11c2])?/gu, syllable)
      .replace(/[\uac00-\ud7a3][\u11a8-\u11c2]/gu, withFinal);
  }

  runs(text) {
    return this.fold(text).match(this.#patterns.run) ?? [];
  }

  // What a text may be asked for as: its apostrophes left out, or as spaces.
  readings(text) {
    const apart = text.replace(this.#patterns.apostrophe, " ");
    return apart === text ? [text] : [text, apart];
  }

  isUnspaced(run) {
    return this.#patterns.unspaced.test(run);
  }
}
