// What the page was made from, and small tools. Text only ever enters the page as text.

const data = JSON.parse(document.getElementById('data').textContent);

// Which run the others are compared with, and which one is shown in detail.
const state = { baseline: data.baseline, shown: 0 };

function byId(id) {
  return document.getElementById(id);
}

// An element with a class, a text, and what stands in it.
function make(name, className, text, ...inside) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined && text !== null) element.textContent = text;
  element.append(...inside);
  return element;
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

// Words of 16 bits, little-endian on every machine.
function wordsOf(base64) {
  const bytes = bytesOf(base64);
  const words = new Uint16Array(bytes.length / 2);
  for (let at = 0; at < words.length; at += 1) {
    words[at] = bytes[2 * at] | (bytes[2 * at + 1] << 8);
  }
  return words;
}

// A note that follows the pointer.
const tip = make('div', 'tip');
tip.hidden = true;
document.body.append(tip);

function showTip(event, lines) {
  tip.replaceChildren(...lines.map((line, at) => make(at === 0 ? 'b' : 'div', '', line)));
  tip.hidden = false;
  const room = 12;
  const left = Math.min(event.clientX + room, window.innerWidth - tip.offsetWidth - room);
  const below = event.clientY + room + tip.offsetHeight < window.innerHeight;
  const top = below ? event.clientY + room : event.clientY - room - tip.offsetHeight;
  tip.style.left = `${Math.max(0, left)}px`;
  tip.style.top = `${Math.max(0, top)}px`;
}

function hideTip() {
  tip.hidden = true;
}
