// What scripts add to pages that work without them: a warning before text is lost, progress of an
// upload, the end of the session, and the browser's time zone for those who chose none.

// Sends a form with files so that the progress is seen; the answer is shown as if the browser had sent it.
function upload(form, button, failed) {
  const request = new XMLHttpRequest();
  const place = form.querySelector('.sending');
  const words = place.querySelector('p');
  const bar = place.querySelector('progress');
  const percent = new Intl.NumberFormat(document.documentElement.lang, { style: 'percent' });
  const end = (said) => {
    place.hidden = true;
    form.querySelector('.broken').textContent = said;
    failed();
  };
  let told = 0;
  form.querySelector('.broken').textContent = '';
  words.textContent = form.dataset.sending;
  bar.removeAttribute('value');
  place.hidden = false;
  place.querySelector('button').onclick = () => request.abort();
  request.upload.onprogress = (step) => {
    if (!step.lengthComputable) return;
    bar.value = step.loaded / step.total;
    // Screen readers are told four times, not at every step.
    if (Math.floor(bar.value * 4) === told) return;
    told = Math.floor(bar.value * 4);
    words.textContent = `${form.dataset.sending} ${percent.format(told / 4)}`;
  };
  request.onload = () => {
    if (request.responseURL !== form.action) {
      location.assign(request.responseURL);
      return;
    }
    const answer = new DOMParser().parseFromString(request.responseText, 'text/html');
    document.documentElement.replaceWith(answer.documentElement);
    start();
    document.dispatchEvent(new Event('shown'));
    document.querySelector('.problem a, #main')?.focus();
  };
  request.onerror = () => end(form.dataset.broken);
  request.onabort = () => end('');
  request.open('POST', form.action);
  request.send(new FormData(form, button));
}

// Saves what is being written a moment after the last key, one request at a time; files wait for the form.
function watchDraft(form) {
  const line = form.querySelector('.draft-line');
  let timer;
  let isSaving = false;
  let isOver = false;
  const state = { isSaved: true, stop() { isOver = true; clearTimeout(timer); }, goOn() { isOver = false; } };
  const save = async () => {
    if (isSaving || isOver) return;
    isSaving = true;
    state.isSaved = true;
    const fields = new FormData(form);
    fields.delete('files');
    fields.delete('drop');
    try {
      const answer = await fetch(form.dataset.draft, { method: 'POST', body: new URLSearchParams(fields) });
      line.textContent = answer.ok ? await answer.text() : line.dataset.failed;
      if (!answer.ok) state.isSaved = false;
      else moveSession(answer.headers);
      if (answer.status === 409) isOver = true;
      // Another page saved this draft since: this one saves no more by itself, and shows both ways out.
      if (answer.status === 409 && answer.headers.get('Content-Type').startsWith('text/plain')) {
        line.textContent = '';
        form.querySelector('.newer').hidden = false;
      }
    } catch {
      line.textContent = line.dataset.failed;
      state.isSaved = false;
    }
    isSaving = false;
    if (!state.isSaved) later(30000);
  };
  const later = (wait) => { clearTimeout(timer); if (!isOver) timer = setTimeout(save, wait); };
  form.addEventListener('input', (event) => {
    if (event.target.type === 'file') return;
    state.isSaved = false;
    later(2000);
  });
  return state;
}

// Addresses are completed after the last comma, too.
function completeAddresses(input) {
  const known = [...input.list.options].map((option) => option.value);
  input.addEventListener('input', () => {
    const before = input.value.slice(0, Math.max(input.value.lastIndexOf(','), input.value.lastIndexOf(';')) + 1);
    const options = known.filter((address) => !before.includes(address)).map((address) => new Option('', before ? `${before} ${address}` : address));
    input.list.replaceChildren(...options);
  });
}

function watchForm(form) {
  const { text, files } = form.elements;
  const initial = text.value;
  const draft = form.dataset.draft ? watchDraft(form) : { isSaved: false, stop() {}, goOn() {} };
  let isSending = false;

  addEventListener('beforeunload', (event) => {
    const isText = text.value !== initial && !draft.isSaved;
    if (form.isConnected && !isSending && (isText || files.files.length)) event.preventDefault();
  });
  form.addEventListener('submit', (event) => {
    if (isSending || files.files.length) event.preventDefault();
    if (isSending) return;
    isSending = true;
    draft.stop();
    if (files.files.length) upload(form, event.submitter, () => { isSending = false; draft.goOn(); });
  });
  // Coming back by the browser's history shows the page as it was left.
  addEventListener('pageshow', () => { isSending = false; });
}

// Counts the seconds in which something may be taken back, and then looks where it is.
function countDown(line) {
  const ends = performance.now() + Number(line.dataset.left) * 1000;
  const tick = () => {
    const left = Math.ceil((ends - performance.now()) / 1000);
    if (left > 0) line.textContent = line.textContent.replace(/\d+/, left);
    else line.textContent = line.dataset.now;
    if (left > -1) return;
    clearInterval(timer);
    location.reload();
  };
  const timer = setInterval(tick, 500);
}

// All pages of this browser are one session: the use of one moves its end for all, and signing out ends it for all.
const pages = new BroadcastChannel('session');

// Saving what is written is use as well; the answer tells until when the session goes on.
let moveSession = () => {};

function watchSession(line) {
  const said = line.dataset;
  const isWriting = document.querySelector('form[data-draft]');
  let ends;
  let state;
  const words = (left) => {
    if (left <= 0) return isWriting ? said.endedWriting : said.ended;
    if (left > 2 * 60 * 1000) return (state.isLast ? said.last : said.usual).replace(said.clock, state.clock);
    if (state.isLast) return said.soonLast;
    return isWriting ? said.soonWriting : said.soon;
  };
  const check = () => {
    const left = ends - performance.now();
    const now = words(left);
    if (line.textContent !== now) line.textContent = now;
    line.classList.toggle('soon', left <= 2 * 60 * 1000);
  };
  const set = (next) => {
    ends = performance.now() + next.left * 1000;
    state = next;
    check();
  };
  const tell = (next) => {
    set(next);
    pages.postMessage(next);
  };
  tell({ left: Number(said.left), clock: said.clock, isLast: 'isLast' in said });
  pages.onmessage = ({ data }) => set(data);
  moveSession = (headers) => {
    if (!headers.has('Session-Left')) return;
    tell({ left: Number(headers.get('Session-Left')), clock: headers.get('Session-Ends'), isLast: headers.has('Session-Last') });
  };
  document.querySelector('form[action="/sign-out"]')?.addEventListener('submit', () => pages.postMessage({ left: 0 }));
  setInterval(check, 5000);
  document.addEventListener('visibilitychange', check);
}

function start() {
  document.querySelectorAll('form[data-sending]').forEach(watchForm);
  document.querySelectorAll('input[list]').forEach(completeAddresses);
  document.querySelectorAll('.leaving').forEach(countDown);
  document.querySelectorAll('.session[data-left]').forEach(watchSession);
}

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone) document.cookie = `__Host-zone=${zone}; Path=/; Secure; SameSite=Lax`;
start();
