// How a mail's words look: where each stands, its size, weight, colours. For comparing the mail as it was written with the
// mail as the portal shows it.

/** Runs in the page: every word that is seen. */
function seenWords() {
  const words = [];
  const backgroundOf = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!element || element.closest("style, script, title, .sealpost-note") || !element.checkVisibility({ opacityProperty: true })) continue;
    const style = getComputedStyle(element);
    for (const { 0: word, index } of node.data.matchAll(/[^\s\u00a0\u200b\ufeff]+/g)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const box = range.getBoundingClientRect();
      if (box.width < 1 || box.height < 2) continue;
      words.push({ word, x: box.x, size: parseFloat(style.fontSize), weight: style.fontWeight, slant: style.fontStyle,
        colour: style.color, background: backgroundOf(element) });
    }
  }
  return words;
}

const alike = (a, b) => Math.abs(a.x - b.x) <= 12 && Math.abs(a.size - b.size) < 0.6 &&
  ["weight", "slant", "colour", "background"].every((name) => a[name] === b[name]);

/** The longest run of words that both have in the same order, as pairs. */
function pairs(left, right) {
  const table = Array.from({ length: left.length + 1 }, () => new Uint16Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--)
    for (let j = right.length - 1; j >= 0; j--)
      table[i][j] = left[i].word === right[j].word ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
  const found = [];
  for (let i = 0, j = 0; i < left.length && j < right.length;) {
    if (left[i].word === right[j].word) found.push([left[i++], right[j++]]);
    else if (table[i + 1][j] >= table[i][j + 1]) i++;
    else j++;
  }
  return found;
}

/** {words, kept, alike, unlike}: of the words written, how many are shown in order, how many look the same. */
export async function compareLooks(written, shown) {
  const left = await written.evaluate(seenWords), right = await shown.evaluate(seenWords);
  const found = pairs(left, right);
  const unlike = found.filter(([a, b]) => !alike(a, b));
  return { words: left.length, added: right.length - found.length, kept: found.length, alike: found.length - unlike.length, unlike };
}
