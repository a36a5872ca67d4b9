// Lengths side by side.

// Rows of {name, from, to, text, colour}; `from` and `to` in the unit of `most`.
function drawBars(plot, rows, most) {
  const tall = 26;
  const name = Math.min(150, plot.clientWidth / 3);
  const room = 150;
  const drawn = canvasIn(plot, rows.length * tall + 4, (context, width) => {
    const now = colours();
    const wide = Math.max(40, width - name - room);
    rows.forEach(({ name: label, from, to, text, colour }, at) => {
      const y = at * tall + 3;
      context.fillStyle = now.text;
      context.fillText(fitted(context, label, name - 8), 0, y + tall / 2 - 2);
      const x = name + (from / most) * wide;
      const length = Math.max(to > from ? 1 : 0, ((to - from) / most) * wide);
      context.fillStyle = now.series[colour % 8];
      context.fillRect(x, y, length, tall - 6);
      context.fillStyle = now.muted;
      context.fillText(fitted(context, text, room - 8), x + length + 6, y + tall / 2 - 2);
    });
  });
  return { resize: drawn.redraw, destroy: () => plot.replaceChildren() };
}

function drawLevels(plot, run) {
  const { levels } = data.runs[run].levels;
  const most = Math.max(1e-9, ...levels.map(([, , hours]) => hours));
  const rows = levels.map(([level, jobs, hours]) => ({
    name: level,
    from: 0,
    to: hours,
    text: `${number(hours)} (${grouped(jobs)} jobs)`,
    colour: 0,
  }));
  return drawBars(plot, rows, most);
}

function drawSlowdowns(plot, run) {
  const { slowdowns } = data.runs[run].levels;
  const most = Math.max(1, ...slowdowns.map(({ jobs }) => jobs));
  const rows = slowdowns.map(({ from, jobs }, at) => ({
    name: at + 1 < slowdowns.length ? `${from}× to ${slowdowns[at + 1].from}×` : `${from}× and more`,
    from: 0,
    to: jobs,
    text: `${grouped(jobs)} jobs`,
    colour: 1,
  }));
  return drawBars(plot, rows, most);
}

function drawBlocked(plot, run) {
  const { blocked } = data.runs[run].slots;
  const rows = blocked.map(([board, profile, share]) => ({
    name: `${profile} (${board})`,
    from: 0,
    to: share,
    text: percent(share),
    colour: 1,
  }));
  return drawBars(plot, rows, 1);
}

// From what was paid for to what was of use.
function drawCost(plot, run) {
  const hours = data.runs[run].cost;
  let left = hours.paid;
  const share = (value) => (hours.paid > 0 ? ` (${percent(value / hours.paid)})` : '');
  const step = (name, value, colour) => {
    const row = { name, from: left - value, to: left, text: number(value) + share(value), colour };
    left -= value;
    return row;
  };
  const rows = [
    { name: 'paid', from: 0, to: hours.paid, text: number(hours.paid), colour: 0 },
    step('boot', hours.boot, 4),
    step('idle, fragmented', hours.fragmented, 1),
    step('idle', hours.idle - hours.fragmented, 1),
    step('overhead', hours.overhead, 3),
    step('lost', hours.lost, 5),
    step('useful, not needed', hours.unneeded, 6),
    step('useful', hours.useful - hours.unneeded, 2),
  ];
  return drawBars(plot, rows, Math.max(1e-9, hours.paid));
}
