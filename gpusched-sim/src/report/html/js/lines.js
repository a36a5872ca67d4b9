// Lines over time.

// An axis in the colours of the page.
function axis(more) {
  const now = colours();
  return {
    stroke: now.muted,
    grid: { stroke: now.line, width: 1 },
    ticks: { stroke: now.line, width: 1, size: 4 },
    font: '12px system-ui, sans-serif',
    ...more,
  };
}

function timeAxis() {
  return axis({
    size: 32,
    incrs: timeSteps,
    values: (chart, splits, at, space, step) => splits.map((split) => instant(split, step)),
    space: 70,
  });
}

// One series per run, in the run's colour.
function runSeries(at, more) {
  const now = colours();
  return {
    label: data.runs[at].label,
    stroke: now.series[at % 8],
    width: 1.5,
    dash: dashOf(at),
    points: { show: false },
    ...more,
  };
}

// Shows what was selected by dragging.
function bySelection(show) {
  return (chart) => {
    const { left, width } = chart.select;
    if (width < 4) return;
    chart.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    show(chart.posToVal(left, 'x'), chart.posToVal(left + width, 'x'));
  };
}

// A chart over time that moves with all others.
function timeChart(plot, values, series, more) {
  const chart = new uPlot(
    {
      width: plot.clientWidth,
      height: 230,
      padding: [8, 0, 0, 0],
      scales: {
        x: { time: false, range: () => [time.min, time.max] },
        y: { range: (self, min, max) => [0, max > 0 ? max * 1.05 : 1] },
      },
      axes: [timeAxis(), axis({ values: (self, splits) => splits.map(tick), size: 52 })],
      series: [{ label: 'Time', value: (self, value) => span(value) }, ...series],
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        bind: { dblclick: () => () => showAllTime() },
      },
      legend: { live: true },
      hooks: {
        setSelect: [bySelection(showTime)],
        setCursor: [
          (self) => {
            const { left } = self.cursor;
            pointAt(left === undefined || left < 0 ? null : self.posToVal(left, 'x'), self);
          },
        ],
      },
      ...more,
    },
    values,
    plot,
  );
  legendByKeys(chart);
  const watcher = () => chart.setData(values);
  const pointer = {
    from: chart,
    point: (at) => chart.setCursor({ left: at === null ? -10 : chart.valToPos(at, 'x'), top: 10 }, false),
  };
  time.watchers.push(watcher);
  time.pointers.push(pointer);
  return {
    resize: () => chart.setSize({ width: plot.clientWidth, height: 230 }),
    destroy: () => {
      time.watchers.splice(time.watchers.indexOf(watcher), 1);
      time.pointers.splice(time.pointers.indexOf(pointer), 1);
      chart.destroy();
    },
  };
}

// Names in a legend show and hide their line; by keys, too.
function legendByKeys(chart) {
  chart.root.querySelectorAll('.u-legend .u-series').forEach((row, at) => {
    if (at === 0) return;
    const name = row.querySelector('th');
    name.tabIndex = 0;
    name.setAttribute('role', 'button');
    name.setAttribute('aria-label', `Show or hide ${name.textContent}`);
    name.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      event.stopPropagation();
      chart.setSeries(at, { show: !chart.series[at].show });
    });
  });
}

function drawLines(plot, key) {
  const lines = data.lines.find((each) => each.key === key);
  const drawn = lines.runs.map((points, at) => ({ points, at })).filter(({ points }) => points.length > 0);
  const unit = lines.unit ? ` ${lines.unit}` : '';
  const value = (self, shown) => (shown === null || shown === undefined ? '–' : tick(shown) + unit);
  return timeChart(
    plot,
    [data.t, ...drawn.map(({ points }) => points)],
    drawn.map(({ at }) => runSeries(at, { value })),
  );
}

// The largest gang that would fit at each level, for one run.
function drawGangs(plot, run) {
  const { free } = data.runs[run].levels;
  const now = colours();
  const series = free.map(([level], at) => ({
    label: level,
    stroke: now.series[at % 8],
    width: 1.5,
    dash: dashOf(at),
    points: { show: false },
    value: (self, shown) => (shown === null || shown === undefined ? '–' : `${tick(shown)} GPUs`),
  }));
  return timeChart(plot, [data.t, ...free.map(([, points]) => points)], series);
}
