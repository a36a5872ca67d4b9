// The stretch of time that all charts over time show, and the instant they point at.

const time = {
  min: data.from,
  max: data.until > data.from ? data.until : data.from + 1,
  watchers: [],
  pointers: [],
};
const wholeTime = { min: time.min, max: time.max };

function showTime(min, max) {
  const least = (wholeTime.max - wholeTime.min) / 2000;
  if (max - min < least) {
    const middle = (min + max) / 2;
    min = middle - least / 2;
    max = middle + least / 2;
  }
  time.min = Math.max(wholeTime.min, min);
  time.max = Math.min(wholeTime.max, max);
  document.body.classList.toggle('zoomed', time.min > wholeTime.min || time.max < wholeTime.max);
  time.watchers.forEach((watcher) => watcher());
}

function showAllTime() {
  showTime(wholeTime.min, wholeTime.max);
}

// Points all charts at an instant; `null` at none.
function pointAt(instantShown, from) {
  time.pointers.forEach((pointer) => {
    if (pointer.from !== from) pointer.point(instantShown);
  });
}

const timeView = {
  zoom(factor) {
    const middle = (time.min + time.max) / 2;
    const half = ((time.max - time.min) / 2) * factor;
    showTime(middle - half, middle + half);
  },
  pan(share) {
    const width = time.max - time.min;
    const by = Math.max(wholeTime.min - time.min, Math.min(wholeTime.max - time.max, width * share));
    showTime(time.min + by, time.max + by);
  },
  reset: showAllTime,
};

// Keys that move a view: + and −, arrows, 0 or Escape.
function moveByKeys(element, view) {
  const keys = {
    '+': () => view.zoom(0.5),
    '=': () => view.zoom(0.5),
    '-': () => view.zoom(2),
    ArrowLeft: () => view.pan(-0.2),
    ArrowRight: () => view.pan(0.2),
    0: () => view.reset(),
    Escape: () => view.reset(),
  };
  element.tabIndex = 0;
  element.setAttribute('role', 'group');
  element.addEventListener('keydown', (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}
