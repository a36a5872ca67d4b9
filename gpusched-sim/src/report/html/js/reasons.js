// Why jobs waited, stacked over time.

function drawReasons(plot, run) {
  const { edges, waiting } = data.runs[run].waits;
  const now = colours();
  const there = data.reasons
    .map((reason, at) => ({ reason, at, bins: waiting[at] }))
    .filter(({ bins }) => bins.some((mean) => mean > 0));
  // A step needs its end: the last bin is said twice.
  const ended = (bins) => [...bins, bins[bins.length - 1]];
  let below = new Array(edges.length).fill(0);
  const stacked = there.map((each) => {
    const raw = ended(each.bins);
    below = below.map((sum, at) => sum + raw[at]);
    return { ...each, raw, top: below };
  });
  // The highest stack is drawn first, and the lower ones over it.
  stacked.reverse();
  const steps = uPlot.paths.stepped({ align: 1 });
  const series = stacked.map(({ reason, at, raw }) => ({
    label: reason,
    stroke: now.panel,
    fill: now.series[at % 8],
    width: 0.5,
    paths: steps,
    points: { show: false },
    value: (self, value, index, place) => (place === null || place === undefined ? '–' : tick(raw[place])),
  }));
  return timeChart(plot, [edges, ...stacked.map(({ top }) => top)], series);
}
