// Files are added by dragging and pasting as well, and what was chosen stands in a list to take out of again. The form
// sends them as if they had been chosen.

function sizeOf(bytes) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];
  const unit = bytes < 1024 ? 0 : Math.min(3, Math.floor(Math.log(bytes) / Math.log(1024)));
  const options = { style: 'unit', unit: units[unit], maximumFractionDigits: bytes / 1024 ** unit < 10 ? 1 : 0 };
  return new Intl.NumberFormat(document.documentElement.lang, options).format(bytes / 1024 ** unit);
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const isFolder = (item) => Boolean(item.webkitGetAsEntry?.()?.isDirectory);

function watchFiles(input) {
  const { form, dataset } = input;
  const list = element('ul', { className: 'chosen' });
  const wrong = element('p', { className: 'wrong', role: 'alert' });
  let chosen = [];

  const show = () => {
    const transfer = new DataTransfer();
    chosen.forEach((file) => transfer.items.add(file));
    input.files = transfer.files;
    list.replaceChildren(...chosen.map((file, place) => {
      const button = element('button', { type: 'button', className: 'quiet' }, dataset.remove,
        element('span', { className: 'unseen' }, ' ', element('bdi', {}, file.name)));
      button.addEventListener('click', () => {
        chosen.splice(place, 1);
        wrong.textContent = '';
        show();
        (list.querySelectorAll('button')[Math.min(place, chosen.length - 1)] ?? input).focus();
      });
      return element('li', {}, element('bdi', {}, file.name),
        element('span', { className: 'muted' }, sizeOf(file.size)), button);
    }));
  };
  const add = (files, hasFolder) => {
    const all = [...chosen, ...files];
    const bytes = all.reduce((sum, file) => sum + file.size, 0);
    wrong.textContent = hasFolder ? dataset.folder
      : all.length > Number(dataset.most) ? dataset.tooMany
        : bytes > Number(dataset.bytes) ? dataset.tooLarge : '';
    if (!wrong.textContent) chosen = all;
    show();
  };

  input.before(wrong);
  input.after(list);
  form.querySelector('#files-help').append(` ${dataset.help}`);
  input.addEventListener('change', () => add([...input.files], false));
  form.addEventListener('dragover', (event) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    form.classList.add('is-over');
  });
  form.addEventListener('dragleave', (event) => {
    if (!form.contains(event.relatedTarget)) form.classList.remove('is-over');
  });
  form.addEventListener('drop', (event) => {
    form.classList.remove('is-over');
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    const items = [...event.dataTransfer.items];
    add([...event.dataTransfer.files], items.some(isFolder));
  });
  // Programs that copy text put a picture of it beside it: text is pasted as text.
  form.addEventListener('paste', (event) => {
    const { files, types } = event.clipboardData;
    if (!files.length || types.includes('text/plain')) return;
    event.preventDefault();
    add([...files], false);
  });
}

const start = () => document.querySelectorAll('input[type=file][data-most]').forEach(watchFiles);
document.addEventListener('shown', start);
start();
