// Every chart in its place.

const charts = {
  lines: { draw: drawLines, overTime: true },
  curves: { draw: drawCurves },
  reasons: { draw: drawReasons, overTime: true },
  gangs: { draw: drawGangs, overTime: true },
  heat: { draw: drawHeat, overTime: true },
  gantt: { draw: drawGantt, overTime: true },
  slots: { draw: drawSlots },
  levels: { draw: drawLevels },
  slowdowns: { draw: drawSlowdowns },
  blocked: { draw: drawBlocked },
  cost: { draw: drawCost },
  forest: { draw: drawForest },
};
const drawnCharts = new Map();

function undraw(plot) {
  const drawn = drawnCharts.get(plot);
  if (!drawn) return;
  drawn.destroy();
  drawnCharts.delete(plot);
}

// Draws what can be seen and takes away what cannot.
function drawAll(anew) {
  document.querySelectorAll('.plot').forEach((plot) => {
    const visible = plot.clientWidth > 0;
    if (anew || !visible) undraw(plot);
    if (!visible || drawnCharts.has(plot)) return;
    const [kind, argument] = plot.dataset.chart.split(':');
    drawnCharts.set(plot, charts[kind].draw(plot, argument));
  });
}

function choose() {
  document.querySelectorAll('[data-run]').forEach((block) => {
    block.hidden = Number(block.dataset.run) !== state.shown;
  });
  drawCards();
  drawAll(false);
}

function chooser(id) {
  const select = byId(id);
  if (!select) return;
  state[id] = Number(select.value);
  select.addEventListener('change', () => {
    state[id] = Number(select.value);
    choose();
  });
}

function themeButton() {
  const button = byId('theme');
  const say = () => {
    button.textContent = isDark() ? 'Light' : 'Dark';
    button.setAttribute('aria-label', `Show the page ${isDark() ? 'light' : 'dark'}`);
    button.setAttribute('aria-pressed', String(isDark()));
  };
  button.addEventListener('click', () => {
    chooseTheme(isDark() ? 'light' : 'dark');
    say();
    drawAll(true);
  });
  dark.addEventListener('change', () => {
    say();
    drawAll(true);
  });
  say();
}

// Charts over time have buttons, too.
function zoomButtons(plot) {
  const button = (text, label, act) => {
    const made = make('button', '', text);
    made.type = 'button';
    made.setAttribute('aria-label', label);
    made.addEventListener('click', act);
    return made;
  };
  plot.parentElement.querySelector('figcaption').prepend(
    make(
      'span',
      'zoom',
      null,
      button('+', 'Zoom in', () => timeView.zoom(0.5)),
      button('−', 'Zoom out', () => timeView.zoom(2)),
      button('All', 'Show all of the time', showAllTime),
    ),
  );
}

function begin() {
  rememberTheme();
  byId('controls').hidden = false;
  themeButton();
  chooser('baseline');
  chooser('shown');
  document.querySelectorAll('.plot').forEach((plot) => {
    const [kind] = plot.dataset.chart.split(':');
    if (charts[kind].overTime) {
      moveByKeys(plot, timeView);
      zoomButtons(plot);
    } else if (kind === 'curves') {
      moveByKeys(plot, {
        zoom: (factor) => plot.curveView.zoom(factor),
        pan: (share) => plot.curveView.pan(share),
        reset: () => plot.curveView.reset(),
      });
    } else {
      plot.setAttribute('role', 'img');
    }
  });
  choose();
  let width = document.documentElement.clientWidth;
  window.addEventListener('resize', () => {
    if (document.documentElement.clientWidth === width) return;
    width = document.documentElement.clientWidth;
    drawnCharts.forEach((drawn, plot) => {
      if (drawn.resize() === true) undraw(plot);
    });
    drawAll(false);
  });
  // Paper is light, and has room for every table.
  const opened = [];
  let before;
  window.addEventListener('beforeprint', () => {
    before = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = 'light';
    document.querySelectorAll('details:not([open])').forEach((details) => {
      details.open = true;
      opened.push(details);
    });
    drawAll(true);
  });
  window.addEventListener('afterprint', () => {
    if (before) document.documentElement.dataset.theme = before;
    else delete document.documentElement.dataset.theme;
    opened.splice(0).forEach((details) => {
      details.open = false;
    });
    drawAll(true);
  });
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}

begin();
