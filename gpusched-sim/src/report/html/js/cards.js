// The numbers of the run that is shown, beside those of the baseline.

// What changed from the baseline: text, and whether that is good.
function change(kpi, value, base) {
  if (value === null || base === null) return null;
  const difference = value - base;
  if (difference === 0) return { text: 'no difference', good: null };
  const sign = difference > 0 ? '+' : '−';
  const size = Math.abs(difference);
  let text;
  if (kpi.kind === 'percent') text = `${sign}${(size * 100).toFixed(1)} points`;
  else if (base === 0) text = `${sign}${shows[kpi.kind](size)}`;
  else text = `${sign}${((size / Math.abs(base)) * 100).toPrecision(size / Math.abs(base) >= 10 ? 3 : 2)}%`;
  if (kpi.better === 'none') return { text, good: null };
  return { text, good: difference > 0 === (kpi.better === 'high') };
}

// Said in words and by shape, not by colour alone.
function changeMark({ text, good }) {
  if (good === null) return make('span', 'same', text);
  return make('span', good ? 'good' : 'bad', `${good ? '✓' : '✗'} ${text} ${good ? 'better' : 'worse'}`);
}

function drawCards() {
  const shown = data.runs[state.shown];
  const base = data.runs[state.baseline];
  const cards = data.kpis.map((kpi, at) => {
    const value = shown.values[at];
    const card = make('div', 'card', null, make('span', 'name', kpi.label));
    card.title = kpi.help;
    card.append(make('b', '', value === null ? '–' : shows[kpi.kind](value)));
    const changed = shown === base ? null : change(kpi, value, base.values[at]);
    if (changed) card.append(changeMark(changed));
    return card;
  });
  byId('cards').replaceChildren(
    ...(data.runs.length > 1
      ? [make('h3', '', shown === base ? `${shown.label}, the baseline` : `${shown.label} beside ${base.label}`)]
      : []),
    make('div', 'cards', null, ...cards),
  );
  drawChanges();
}

// The table of all runs: each number with its change.
function drawChanges() {
  document.querySelectorAll('#compared tbody tr').forEach((row, run) => {
    row.classList.toggle('baseline', run === state.baseline && data.runs.length > 1);
    row.querySelectorAll('td').forEach((cell, at) => {
      cell.querySelectorAll('small').forEach((old) => old.remove());
      if (run === state.baseline) return;
      const changed = change(data.kpis[at], data.runs[run].values[at], data.runs[state.baseline].values[at]);
      if (!changed || changed.good === null) return;
      const mark = make('small', changed.good ? 'good' : 'bad', `${changed.good ? '✓' : '✗'} ${changed.text}`);
      cell.append(mark);
    });
  });
}
