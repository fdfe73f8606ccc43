// Keys for lists and messages, for those who did not turn them off in the settings. Each does what a link or a button of
// the page does; none is heard while something is typed, or with another key.

const help = document.querySelector('dialog.keys');
const isTyping = (target) => target.closest?.('textarea, select, [contenteditable], input:not([type="checkbox"], [type="radio"])');
const shown = (selector) => [...document.querySelectorAll(selector)].find((element) => element.offsetParent);
const rows = () => [...document.querySelectorAll('.row > a')].filter((row) => row.offsetParent);
const focusedRow = () => document.activeElement?.closest?.('.row')?.querySelector(':scope > a');

function move(step) {
  const all = rows();
  const focused = all.indexOf(focusedRow());
  const from = focused >= 0 ? focused : all.findIndex((row) => row.hasAttribute('aria-current'));
  all[Math.max(0, Math.min(all.length - 1, from + step))]?.focus();
}

const boxOf = (row) => row?.closest('.row').querySelector('input[type="checkbox"]');

function tick() {
  boxOf(focusedRow())?.click();
}

// On a message's page the message, in a list what is ticked, or else the row that has the focus.
function remove() {
  const button = shown('form[action="/delete"] button:not([formaction])');
  const form = button?.form;
  if (!form) return;
  if (form.matches('.choosing') && !form.querySelector('input[name="id"]:checked')) {
    const box = boxOf(focusedRow());
    if (!box) return;
    box.checked = true;
  }
  form.requestSubmit(button);
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  x: tick,
  // Hidden where the list stands beside the message.
  u: () => document.querySelector('.back a')?.click(),
  r: () => shown('.verbs a[href$="/reply"]')?.click(),
  a: () => shown('.verbs a[href$="/reply-all"]')?.click(),
  '#': remove,
  '/': () => (document.querySelector('main input[type="search"]') ?? shown('input[type="search"]'))?.focus(),
  '?': () => help.showModal(),
};

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
  const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (arrow && focusedRow()) move(arrow);
  else if (Object.hasOwn(keys, event.key)) keys[event.key]();
  else return;
  event.preventDefault();
});
