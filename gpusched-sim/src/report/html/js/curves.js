// Cumulative shares on a logarithmic axis.

const decades = [1, 10, minute, 10 * minute, hour, 6 * hour, day, 10 * day, 100 * day, 1000 * day];
const powers = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 1e4, 1e5, 1e6, 1e7];

// Those between two values that leave room for their names.
function apart(splits, min, max, width) {
  let last = -Infinity;
  return splits.filter((split) => {
    if (split < min || split > max) return false;
    const x = (Math.log(split / min) / Math.log(max / min)) * width;
    if (x - last < 36) return false;
    last = x;
    return true;
  });
}

function drawCurves(plot, key) {
  const curves = data.curves.find((each) => each.key === key);
  const drawn = curves.runs.map((points, at) => ({ points, at })).filter(({ points }) => points.length > 0);
  const inTime = curves.unit === 's';
  const shown = inTime ? span : number;
  const short = (value) => (inTime ? span(value).replace('.0s', 's').replace(/m00s$|h00m$|d00h$/, (end) => end[0]) : tick(value));
  const whole = { min: curves.x[0], max: curves.x[curves.x.length - 1] };
  const view = { ...whole };
  const chart = new uPlot(
    {
      width: plot.clientWidth,
      height: 260,
      padding: [8, 12, 0, 0],
      scales: {
        x: { time: false, distr: 3, log: 10, range: () => [view.min, view.max] },
        y: { range: () => [0, 1] },
      },
      axes: [
        axis({
          size: 32,
          splits: (self, at, min, max) => apart(inTime ? decades : powers, min, max, self.width - 60),
          values: (self, splits) => splits.map(short),
          filter: (self, splits) => splits,
          space: 40,
        }),
        axis({ values: (self, splits) => splits.map((split) => `${Math.round(split * 100)}%`), size: 52 }),
      ],
      series: [
        { label: curves.title, value: (self, value) => (value === null ? '–' : `≤ ${shown(value)}`) },
        ...drawn.map(({ at }) => runSeries(at, { value: (self, share) => percent(share) })),
      ],
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        bind: { dblclick: () => () => curveView.reset() },
      },
      hooks: {
        setSelect: [bySelection(show)],
      },
    },
    [curves.x, ...drawn.map(({ points }) => points)],
    plot,
  );
  legendByKeys(chart);

  function show(min, max) {
    view.min = Math.max(whole.min, min);
    view.max = Math.min(whole.max, Math.max(max, view.min * 1.05));
    chart.setData(chart.data);
  }
  const curveView = {
    zoom(factor) {
      const middle = Math.sqrt(view.min * view.max);
      const half = Math.sqrt(view.max / view.min) ** factor;
      show(middle / half, middle * half);
    },
    pan(share) {
      const by = (view.max / view.min) ** share;
      const kept = Math.max(whole.min / view.min, Math.min(whole.max / view.max, by));
      show(view.min * kept, view.max * kept);
    },
    reset: () => show(whole.min, whole.max),
  };
  plot.curveView = curveView;
  return {
    resize: () => chart.setSize({ width: plot.clientWidth, height: 260 }),
    destroy: () => chart.destroy(),
  };
}
