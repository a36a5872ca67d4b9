// Charts that are drawn dot by dot.

// As wide as the axes of the lines, so that times stand below one another.
const gutter = 52;
const foot = 24;

// A canvas that fills its place at the resolution of the screen and is drawn anew when that changes.
function canvasIn(place, height, draw) {
  const canvas = make('canvas');
  place.append(canvas);
  function redraw() {
    const width = place.clientWidth;
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext('2d');
    context.scale(scale, scale);
    context.font = '12px system-ui, sans-serif';
    context.textBaseline = 'middle';
    draw(context, width, height);
  }
  redraw();
  return { canvas, redraw };
}

// Stripes that mean "not there".
function stripes(context, colour) {
  const tile = make('canvas');
  tile.width = 6;
  tile.height = 6;
  const inside = tile.getContext('2d');
  inside.strokeStyle = colour;
  inside.lineWidth = 1;
  inside.beginPath();
  inside.moveTo(0, 6);
  inside.lineTo(6, 0);
  inside.stroke();
  return context.createPattern(tile, 'repeat');
}

function placeOf(at, width) {
  return gutter + ((at - time.min) / (time.max - time.min)) * (width - gutter);
}

function instantAt(x, width) {
  return time.min + ((x - gutter) / (width - gutter)) * (time.max - time.min);
}

// The axis of time below a chart.
function timeFoot(context, width, top) {
  const now = colours();
  const { step, at } = ticks(time.min, time.max, Math.max(2, (width - gutter) / 64));
  context.fillStyle = now.muted;
  context.strokeStyle = now.line;
  context.textAlign = 'center';
  for (const tickAt of at) {
    const x = placeOf(tickAt, width);
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, top + 4);
    context.stroke();
    if (x > gutter + 16 && x < width - 16) context.fillText(instant(tickAt, step), x, top + 15);
  }
  context.textAlign = 'left';
}

// What all canvases over time have in common: dragging selects a stretch of time, the pointer shows
// an instant everywhere, and `hit` says what lies below it.
function timeCanvas(plot, place, height, draw, hit) {
  let from = null;
  let pointed = null;
  const drawn = canvasIn(place, height, (context, width, tall) => {
    draw(context, width, tall);
    if (pointed !== null && pointed >= time.min && pointed <= time.max) {
      const x = placeOf(pointed, width);
      context.strokeStyle = colours().text;
      context.setLineDash([3, 3]);
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, tall - foot);
      context.stroke();
      context.setLineDash([]);
      if (from !== null) {
        context.fillStyle = colours().text;
        context.globalAlpha = 0.15;
        context.fillRect(Math.min(from, x), 0, Math.abs(x - from), tall - foot);
        context.globalAlpha = 1;
      }
    }
  });
  const { canvas, redraw } = drawn;
  const own = {
    from: canvas,
    point: (at) => {
      pointed = at;
      redraw();
    },
  };
  const inside = (event) => Math.max(gutter, Math.min(canvas.clientWidth, event.offsetX));
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    from = inside(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    const at = instantAt(inside(event), canvas.clientWidth);
    own.point(at);
    pointAt(at, canvas);
    const lines = hit(at, event.offsetY);
    if (lines) showTip(event, lines);
    else hideTip();
  });
  canvas.addEventListener('pointerup', (event) => {
    const to = inside(event);
    const start = from;
    from = null;
    if (start === null || Math.abs(to - start) < 4) return;
    const width = canvas.clientWidth;
    showTime(instantAt(Math.min(start, to), width), instantAt(Math.max(start, to), width));
  });
  canvas.addEventListener('pointercancel', () => {
    from = null;
  });
  canvas.addEventListener('pointerleave', () => {
    hideTip();
    own.point(null);
    pointAt(null, canvas);
  });
  canvas.addEventListener('dblclick', showAllTime);
  time.watchers.push(redraw);
  time.pointers.push(own);
  return {
    resize: redraw,
    redraw,
    destroy: () => {
      time.watchers.splice(time.watchers.indexOf(redraw), 1);
      time.pointers.splice(time.pointers.indexOf(own), 1);
      place.replaceChildren();
    },
  };
}

// A text that fits.
function fitted(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > width) length -= 1;
  return `${text.slice(0, length)}…`;
}

// Names without what tells none of them apart: as many parts, from the first, as it takes.
function shortNames(names) {
  const parts = names.map((name) => name.split(/(?=[-.])/));
  const longest = parts.reduce((most, each) => Math.max(most, each.length), 1);
  const all = new Set(names).size;
  for (let count = 1; count < longest; count += 1) {
    const short = parts.map((each) => each.slice(0, count).join(''));
    if (new Set(short).size === all) return short;
  }
  return names;
}

// Black or white, whichever can be read on a colour.
function inkOn(colour) {
  const hex = colour.length === 4 ? colour.replace(/[^#]/g, '$&$&') : colour;
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return 0.3 * red + 0.59 * green + 0.11 * blue > 125 ? '#000' : '#fff';
}

// The end of a name that fits: names of nodes differ there.
function endOf(context, name, width) {
  if (context.measureText(name).width <= width) return name;
  let from = 1;
  while (from < name.length - 1 && context.measureText(`…${name.slice(from)}`).width > width) from += 1;
  return `…${name.slice(from)}`;
}
