// Makes web/icons/icons.svg, one sprite of the icons that templates name, from the npm package lucide-static:
//   npm ci && node scripts/make-icons.mjs
// The sprite is kept in the tree, so that a build needs no npm; run this after changing the list.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

const names = [
  'arrow-left', 'bold', 'check', 'chevron-left', 'chevron-right', 'circle-check', 'circle-x', 'clock', 'download',
  'eye', 'file', 'file-archive', 'file-text', 'globe', 'image', 'inbox', 'info', 'italic', 'key-round', 'link',
  'list', 'list-ordered', 'lock', 'log-out', 'mail', 'mail-open', 'paperclip', 'pen-line', 'printer', 'reply',
  'reply-all', 'search', 'send', 'settings', 'shield-check', 'text-quote', 'trash-2', 'triangle-alert', 'underline',
  'undo-2', 'user',
];

const root = fileURLToPath(new URL('..', import.meta.url));
const pack = join(root, 'node_modules', 'lucide-static');

function symbol(name) {
  const svg = readFileSync(join(pack, 'icons', `${name}.svg`), 'utf8');
  const inside = svg.match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1].replace(/\s*\n\s*/g, '').trim();
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" ` +
    `stroke-linecap="round" stroke-linejoin="round">${inside}</symbol>`;
}

const licence = readFileSync(join(pack, 'LICENSE'), 'utf8').trim().replace(/-(?=-)/g, '- ');
const sprite = `<!-- Icons of Lucide, made by scripts/make-icons.mjs.\n\n${licence}\n-->\n` +
  `<svg xmlns="http://www.w3.org/2000/svg">\n${names.map(symbol).join('\n')}\n</svg>\n`;

writeFileSync(join(root, 'web', 'icons', 'icons.svg'), sprite);
