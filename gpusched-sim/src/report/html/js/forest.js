// Differences from the baseline with their intervals, one below another.

function drawForest(plot, at) {
  const kpi = data.kpis[at];
  const rows = data.forests[at];
  const tall = 22;
  const below = 22;
  const name = Math.min(220, plot.clientWidth * 0.4);
  const least = Math.min(0, ...rows.map(([, , low]) => low));
  const most = Math.max(0, ...rows.map(([, , , high]) => high));
  const range = most - least || 1;
  const drawn = canvasIn(plot, rows.length * tall + below, (context, width) => {
    const now = colours();
    const wide = Math.max(40, width - name - 12);
    const place = (value) => name + ((value - least) / range) * wide;
    context.strokeStyle = now.muted;
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(place(0), 0);
    context.lineTo(place(0), rows.length * tall);
    context.stroke();
    context.setLineDash([]);
    rows.forEach(([run, estimate, low, high], row) => {
      const y = row * tall + tall / 2;
      const sure = low > 0 || high < 0;
      context.fillStyle = now.text;
      context.fillText(fitted(context, data.runs[run].label, name - 8), 0, y);
      const [colour] = now.series;
      context.strokeStyle = colour;
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(place(low), y);
      context.lineTo(place(high), y);
      context.stroke();
      context.beginPath();
      context.arc(place(estimate), y, 4.5, 0, 2 * Math.PI);
      // Filled or hollow: not by colour alone.
      context.fillStyle = sure ? colour : now.page;
      context.fill();
      context.stroke();
      context.lineWidth = 1;
    });
    context.fillStyle = now.muted;
    const foot = rows.length * tall + below / 2;
    const left = signedBy(kpi, least);
    context.fillText(left, name, foot);
    const right = signedBy(kpi, most);
    context.fillText(right, width - context.measureText(right).width - 2, foot);
  });
  return { resize: drawn.redraw, destroy: () => plot.replaceChildren() };
}
