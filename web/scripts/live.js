// Keeps a page that is left open true: the count of unread messages, the states of messages, and that the open message was
// taken away. Asks as long as the page is seen; asking is no use of the session.

const AGAIN_MS = 60000;
const folders = document.querySelector('.folders');
const main = document.querySelector('main');
let source;
let timer;

function showCount({ count }) {
  const place = folders.querySelector('.unread-count');
  if (place.innerHTML.trim() === count) return;
  place.innerHTML = count;
  const words = document.querySelector('.unread-words');
  if (words) words.textContent = place.querySelector('.unseen')?.textContent ?? '';
}

function showStates(place, states) {
  if (place && place.innerHTML.trim() !== states.trim()) place.innerHTML = states;
}

function showMessage({ states, recipients }) {
  if (states === undefined) return;
  showStates(main.querySelector('.message > header .states'), states);
  main.querySelectorAll('.recipient-states').forEach((place, at) => {
    if (recipients[at] !== undefined) showStates(place, recipients[at]);
  });
}

// What the message's page says now stands where the message stood.
function showGone({ gone }) {
  if (gone === undefined) return;
  const page = new DOMParser().parseFromString(gone, 'text/html');
  const article = document.createElement('article');
  article.className = 'gone';
  article.setAttribute('role', 'alert');
  article.append(...page.querySelector('main').childNodes);
  main.replaceChildren(article);
  document.title = page.title;
  document.querySelector('.beside [aria-current]')?.closest('.row').remove();
}

// Rows of messages that came or went are not moved about under the reader's hand: a line offers to show the list anew.
function showRows({ rows }) {
  if (rows === undefined || document.querySelector('.list-changed')) return;
  const shown = [...main.querySelectorAll('.row-box input')].map((box) => box.value);
  for (const { id, states } of rows)
    showStates(main.querySelector(`.row-box input[value="${id}"]`)?.closest('.row').querySelector('.row-states'), states);
  if (shown.join() === rows.map(({ id }) => id).join()) return;
  const line = document.createElement('p');
  line.className = 'note list-changed';
  line.setAttribute('role', 'status');
  const link = document.createElement('a');
  link.href = location.pathname + location.search.replace(/[?&](told|count|undo)=[^&]*/g, '').replace(/^&/, '?');
  link.textContent = folders.dataset.show;
  line.append(`${folders.dataset.changed} `, link);
  main.querySelector('.heading').after(line);
}

function connect() {
  clearTimeout(timer);
  source?.close();
  if (document.hidden) return;
  source = new EventSource(`/live?${folders.dataset.live}`);
  source.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    for (const show of [showCount, showMessage, showGone, showRows]) show(event);
  };
  source.addEventListener('over', () => {
    source.close();
    new BroadcastChannel('session').postMessage({ left: 0 });
  });
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) timer = setTimeout(connect, AGAIN_MS);
  };
}

// Who only passes through a page is asked nothing.
timer = setTimeout(connect, 5000);
document.addEventListener('visibilitychange', connect);
addEventListener('pagehide', () => { clearTimeout(timer); source?.close(); });
addEventListener('pageshow', ({ persisted }) => { if (persisted) connect(); });
