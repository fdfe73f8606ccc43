// Formatted text in place of the plain field, for those who want it. What leaves the page is made harmless by the
// server whatever is done here; here only what the editor knows is let in, so that the page shows what will be sent.

const KEPT = new Set(('A B BLOCKQUOTE BR CODE DIV EM H1 H2 H3 H4 H5 H6 HR I LI OL P PRE S STRONG SUB SUP TABLE TBODY TD ' +
  'TFOOT TH THEAD TR U UL').split(' '));
const DROPPED = new Set('HEAD IFRAME MATH NOSCRIPT OBJECT OPTION SCRIPT SELECT STYLE SVG TEMPLATE TEXTAREA TITLE'.split(' '));
const LINK = /^(https?:\/\/|mailto:|tel:)\S+$/i;

// Blanks that HTML would swallow are made firm.
const firm = (text) => text.replace(/ (?= )|^ /gm, '\u00a0');

function copy(from, to, isPre) {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) {
      if (isPre) firm(node.data).split('\n').forEach((line, i) => to.append(...i ? [document.createElement('br'), line] : [line]));
      else to.append(node.data);
    }
    const name = node.nodeName.toUpperCase();
    if (node.nodeType !== Node.ELEMENT_NODE || DROPPED.has(name)) continue;
    // Some programs wrap everything in a <b> that is not bold.
    const isKept = KEPT.has(name) && !(name === 'B' && /font-weight: *(normal|400)/.test(node.getAttribute('style')));
    const made = isKept ? document.createElement(name) : to;
    if (isKept && name === 'A' && LINK.test(node.getAttribute('href') ?? '')) made.setAttribute('href', node.getAttribute('href'));
    copy(node, made, isPre);
    if (made !== to) to.append(made);
  }
  return to;
}

// Nothing in a document made so runs or loads.
const parsed = (html) => new DOMParser().parseFromString(html, 'text/html').body;

const linesOf = (text) => text.split('\n').map((line) => {
  const made = document.createElement('div');
  made.append(line || document.createElement('br'));
  return made;
});

// "example.org" and "a@b.example" as people type them.
function linkOf(typed) {
  const text = typed.trim();
  if (LINK.test(text)) return text;
  if (/^[^\s@:/]+@[^\s@:/]+$/.test(text)) return `mailto:${text}`;
  return /^[^\s:/]+\.[^\s:/]+(:\d+)?(\/\S*)?$/.test(text) ? `https://${text}` : '';
}

class Editor {
  constructor(box) {
    const { form } = box.parentElement.querySelector('#text');
    Object.assign(this, { box, form, field: form.elements.text, html: form.elements.html,
      words: box.querySelector('.words'), mode: box.parentElement.querySelector('.text-mode'),
      tools: [...box.querySelectorAll('.tools button')], line: box.querySelector('.link-line') });
    this.to = this.line.querySelector('input');
    this.wrong = this.line.querySelector('.wrong');
    this.listen();
    this.mode.hidden = false;
    const isBegun = document.activeElement === this.field;
    this.show(Boolean(this.html.value) || !('plain' in box.dataset), false);
    if (isBegun && this.isRich) this.words.focus();
  }

  listen() {
    this.words.addEventListener('input', (event) => this.changed(event));
    this.words.addEventListener('paste', (event) => this.paste(event));
    this.words.addEventListener('keyup', () => this.mark());
    this.words.addEventListener('keydown', (event) => this.key(event));
    this.line.addEventListener('keydown', (event) => this.lineKey(event));
    this.box.querySelector('.tools').addEventListener('keydown', (event) => this.toolKey(event));
    this.box.addEventListener('click', (event) => {
      const button = event.target.closest('[data-do]');
      if (button) this.run(button.dataset.do);
    });
    // The selection stays where it is.
    this.box.querySelector('.tools').addEventListener('mousedown', (event) => event.preventDefault());
    document.addEventListener('selectionchange', () => this.mark());
    this.mode.addEventListener('click', () => this.show(!this.isRich, true));
    document.querySelector('#text-label').addEventListener('click', () => this.isRich && this.words.focus());
    this.form.addEventListener('formdata', ({ formData }) => {
      if (!this.isRich) return;
      formData.set('text', this.text());
      formData.set('html', this.source());
    });
  }

  text() { return this.words.innerText.replace(/\u00a0/g, ' ').replace(/\n$/, ''); }

  source() { return copy(this.words, document.createElement('div'), true).innerHTML; }

  // To plain text and back: formatting comes back unless the text was changed meanwhile.
  show(isRich, isAsked) {
    if (isRich) {
      const kept = !isAsked || this.field.value === this.left ? this.html.value : '';
      this.words.replaceChildren(...kept ? copy(parsed(kept), document.createElement('div'), false).childNodes : linesOf(this.field.value));
    } else if (isAsked) {
      this.html.value = this.source();
      this.field.value = this.text();
      this.left = this.field.value;
    }
    this.isRich = isRich;
    this.box.hidden = !isRich;
    this.field.hidden = isRich;
    this.mode.textContent = isRich ? this.mode.dataset.plain : this.mode.dataset.rich;
    if (!isAsked) return;
    (isRich ? this.words : this.field).focus();
    this.form.dispatchEvent(new Event('input'));
  }

  changed(event) {
    if (event.inputType === 'insertFromDrop') this.words.replaceChildren(...copy(this.words, document.createElement('div'), false).childNodes);
    this.field.value = this.text();
  }

  // Files beside no text are the form's.
  paste(event) {
    const { files, types } = event.clipboardData;
    if (!types.includes('text/html') || (files.length && !types.includes('text/plain'))) return;
    event.preventDefault();
    const pasted = copy(parsed(event.clipboardData.getData('text/html')), document.createElement('div'), false);
    document.execCommand('insertHTML', false, pasted.innerHTML);
  }

  run(what) {
    if (what === 'link') return this.line.hidden ? this.askLink() : this.endLink();
    if (what === 'set-link' || what === 'no-link') return this.setLink(what === 'set-link');
    this.words.focus();
    if (what !== 'quote') document.execCommand(what);
    else if (this.around('BLOCKQUOTE')) document.execCommand('outdent');
    else document.execCommand('formatBlock', false, 'blockquote');
    return this.mark();
  }

  // The element of this name that the selection stands in.
  around(name) {
    const node = document.getSelection().anchorNode;
    if (!node || !this.words.contains(node)) return null;
    const found = (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement).closest(name);
    return found && this.words.contains(found) ? found : null;
  }

  mark() {
    if (!this.isRich || !this.words.contains(document.getSelection().anchorNode)) return;
    for (const tool of this.tools) {
      const what = tool.dataset.do;
      const isOn = what === 'quote' ? this.around('BLOCKQUOTE') : what === 'link' ? this.around('A') : document.queryCommandState(what);
      tool.setAttribute('aria-pressed', String(Boolean(isOn)));
    }
  }

  askLink() {
    const selection = document.getSelection();
    this.range = this.words.contains(selection.anchorNode) ? selection.getRangeAt(0) : null;
    this.to.value = this.around('A')?.getAttribute('href').replace(/^mailto:/, '') ?? '';
    this.setOpen(true);
    this.to.focus();
  }

  setOpen(isOpen) {
    this.line.hidden = !isOpen;
    this.wrong.textContent = '';
    this.to.removeAttribute('aria-invalid');
    this.tools.at(-1).setAttribute('aria-expanded', String(isOpen));
  }

  endLink() {
    this.setOpen(false);
    this.words.focus();
    if (!this.range) return;
    document.getSelection().removeAllRanges();
    document.getSelection().addRange(this.range);
  }

  setLink(isSet) {
    const link = isSet ? linkOf(this.to.value) : '';
    if (isSet && !link) {
      this.wrong.textContent = this.wrong.dataset.words;
      this.to.setAttribute('aria-invalid', 'true');
      this.to.focus();
      return;
    }
    const words = this.to.value.trim();
    this.endLink();
    const old = this.around('A');
    if (old) document.getSelection().selectAllChildren(old);
    if (!isSet) document.execCommand('unlink');
    else if (document.getSelection().isCollapsed) {
      const made = Object.assign(document.createElement('a'), { textContent: words });
      made.setAttribute('href', link);
      document.execCommand('insertHTML', false, made.outerHTML);
    } else document.execCommand('createLink', false, link);
  }

  key(event) {
    const isLink = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k';
    const isTools = event.altKey && event.key === 'F10';
    if (!isLink && !isTools) return;
    event.preventDefault();
    if (isLink) this.askLink();
    else this.tools.find((tool) => tool.tabIndex === 0).focus();
  }

  lineKey(event) {
    if (event.key === 'Escape') this.endLink();
    else if (event.key === 'Enter' && event.target === this.to) this.setLink(true);
    else return;
    event.preventDefault();
  }

  // One of the tools is in the order of the Tab key; arrows lead to the others.
  toolKey(event) {
    const isBack = document.documentElement.dir === 'rtl' ? 'ArrowRight' : 'ArrowLeft';
    const isOn = isBack === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft';
    const at = this.tools.indexOf(document.activeElement);
    const last = this.tools.length - 1;
    const to = { [isBack]: at ? at - 1 : last, [isOn]: at < last ? at + 1 : 0, Home: 0, End: last }[event.key];
    if (event.key === 'Escape') this.words.focus();
    if (to === undefined) return;
    event.preventDefault();
    this.tools.forEach((tool, i) => { tool.tabIndex = i === to ? 0 : -1; });
    this.tools[to].focus();
  }
}

const start = () => document.querySelectorAll('.editor').forEach((box) => new Editor(box));
document.addEventListener('shown', start);
start();
