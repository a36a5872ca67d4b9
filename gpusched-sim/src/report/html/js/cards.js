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

// A difference with its sign.
function signedBy(kpi, value) {
  const sign = value > 0 ? '+' : value < 0 ? '−' : '';
  const size = Math.abs(value);
  return sign + (kpi.kind === 'percent' ? `${(size * 100).toFixed(1)} points` : shows[kpi.kind](size));
}

// Whom a run is compared with: of a sweep each has its own, or none.
function baseOf(run) {
  const { against } = data.runs[run];
  return against === undefined ? state.baseline : against;
}

// How sure the difference is, where something random says so, and from this very baseline.
function intervalOf(run, at) {
  const { intervals, from } = data.runs[run];
  if (!intervals || !intervals[at]) return null;
  return from === undefined || from === state.baseline ? intervals[at] : null;
}

// Neither good nor bad where the interval holds 0.
function asSure(changed, interval) {
  if (!interval || changed.good === null) return changed;
  const [, low, high] = interval;
  return low > 0 || high < 0 ? changed : { text: `${changed.text}, not sure`, good: null };
}

// Said in words and by shape, not by colour alone.
function changeMark({ text, good }) {
  if (good === null) return make('span', 'same', text);
  return make('span', good ? 'good' : 'bad', `${good ? '✓' : '✗'} ${text} ${good ? 'better' : 'worse'}`);
}

function drawCards() {
  const shown = data.runs[state.shown];
  const from = baseOf(state.shown);
  const base = from === null ? shown : data.runs[from];
  let title = `${shown.label} beside ${base.label}`;
  if (shown === base) title = from === null ? shown.label : `${shown.label}, the baseline`;
  const cards = data.kpis.map((kpi, at) => {
    const value = shown.values[at];
    const card = make('div', 'card', null, make('span', 'name', kpi.label));
    card.title = kpi.help;
    card.append(make('b', '', value === null ? '–' : shows[kpi.kind](value)));
    const changed = shown === base ? null : change(kpi, value, base.values[at]);
    const interval = shown === base ? null : intervalOf(state.shown, at);
    if (changed) card.append(changeMark(asSure(changed, interval)));
    if (interval) {
      const [, low, high] = interval;
      card.append(make('span', 'same', `95%: ${signedBy(kpi, low)} to ${signedBy(kpi, high)}`));
    }
    return card;
  });
  byId('cards').replaceChildren(
    ...(data.runs.length > 1 ? [make('h3', '', title)] : []),
    make('div', 'cards', null, ...cards),
  );
  drawChanges();
}

// The table of all runs: each number with its change.
function drawChanges() {
  document.querySelectorAll('#compared tbody tr').forEach((row, run) => {
    const base = baseOf(run);
    if (base === null) return;
    row.classList.toggle('baseline', run === base && data.runs.length > 1);
    row.querySelectorAll('td').forEach((cell, at) => {
      cell.querySelectorAll('small').forEach((old) => old.remove());
      if (run === base) return;
      const changed = change(data.kpis[at], data.runs[run].values[at], data.runs[base].values[at]);
      if (!changed || asSure(changed, intervalOf(run, at)).good === null) return;
      const mark = make('small', changed.good ? 'good' : 'bad', `${changed.good ? '✓' : '✗'} ${changed.text}`);
      cell.append(mark);
    });
  });
}
