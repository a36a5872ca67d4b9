// Who held which GPU when: a lane per GPU, a bar per job.

function drawGantt(plot, run) {
  const { nodes, queues, outcomes, jobs, bars } = data.runs[run].gantt;
  const words = wordsOf(bars);
  const names = shortNames(nodes.map(([name]) => name));
  const count = words.length / 6;
  const lanes = nodes.reduce((sum, [, gpus]) => sum + gpus, 0);
  const instantOf = (word) => data.from + (word / 65535) * (data.until - data.from);
  const bar = (at) => {
    const word = 6 * at;
    return {
      start: instantOf(words[word]),
      end: instantOf(words[word + 1]),
      lane: words[word + 2] * 65536 + words[word + 3],
      lanes: words[word + 4],
      job: jobs[words[word + 5]],
    };
  };
  const all = Array.from({ length: count }, (none, at) => bar(at));
  const shownTall = Math.max(60, Math.min(440, lanes * 14));
  const lane = Math.max(3, Math.min(14, shownTall / Math.max(1, lanes)));
  const whole = lanes * lane;

  // The canvas stays, the lanes move below it: a browser cannot hold one as tall as a cluster.
  const scroller = make('div', 'lanes');
  const spacer = make('div');
  const window_ = make('div', 'pane');
  spacer.append(window_);
  scroller.append(spacer);
  plot.append(scroller);
  const height = Math.min(whole, shownTall) + foot;
  scroller.style.height = `${height}px`;
  spacer.style.height = `${whole + foot}px`;
  scroller.tabIndex = whole > shownTall ? 0 : -1;

  const chart = timeCanvas(
    plot,
    window_,
    height,
    (context, width) => {
      const now = colours();
      const tall = height - foot;
      const top = scroller.scrollTop;
      context.save();
      context.beginPath();
      context.rect(0, 0, width, tall);
      context.clip();
      lanesOf(context, width, top, tall, now);
      for (const each of all) {
        const y = each.lane * lane - top;
        const thick = each.lanes * lane;
        if (y + thick < 0 || y > tall || each.end < time.min || each.start > time.max) continue;
        const x = Math.max(gutter, placeOf(each.start, width));
        const wide = Math.max(1, placeOf(Math.min(each.end, time.max), width) - x);
        context.fillStyle = now.series[each.job[1] % 8];
        context.strokeStyle = context.fillStyle;
        if (each.job[8]) {
          context.strokeRect(x + 0.5, y + 0.5, Math.max(1, wide - 1), Math.max(1, thick - 1));
        } else {
          const gap = wide > 3 ? 0.5 : 0;
          context.fillRect(x, y + (lane > 4 ? 0.5 : 0), wide - gap, thick - (lane > 4 ? 1 : 0));
        }
      }
      context.restore();
      timeFoot(context, width, tall);
    },
    (at, y) => {
      const on = Math.floor((y + scroller.scrollTop) / lane);
      const found = all.find((each) => on >= each.lane && on < each.lane + each.lanes && at >= each.start && at <= each.end);
      if (!found || y > height - foot) return null;
      const [name, queue, submit, wait, start, end, gpus, outcome, broken] = found.job;
      const lines = [
        name,
        `${queues[queue] ? `queue ${queues[queue]}, ` : ''}${number(gpus)} GPUs, ${outcomes[outcome]}`,
        `submitted ${span(submit)}, waited ${span(wait)}`,
        `ran from ${span(start)} to ${span(end)}`,
        nodeOf(on),
      ];
      if (broken) lines.push('interrupted, or in parts: not here all the time');
      return lines;
    },
  );
  scroller.addEventListener('scroll', chart.redraw);
  plot.append(keyOf(queues));

  function nodeOf(on) {
    let first = 0;
    for (const [name, gpus] of nodes) {
      if (on < first + gpus) return `${name}, GPU ${on - first}`;
      first += gpus;
    }
    return '';
  }

  function lanesOf(context, width, top, tall, now) {
    let first = 0;
    let free = -Infinity;
    context.strokeStyle = now.line;
    for (const [node, [, gpus]] of nodes.entries()) {
      const y = first * lane - top;
      const thick = gpus * lane;
      first += gpus;
      if (y + thick < 0) continue;
      if (y > tall) break;
      context.beginPath();
      context.moveTo(gutter, Math.round(y) + 0.5);
      context.lineTo(width, Math.round(y) + 0.5);
      context.stroke();
      const middle = y + thick / 2;
      if (middle - free >= 13 && middle > 6 && middle < tall - 6) {
        free = middle;
        context.fillStyle = now.muted;
        context.fillText(endOf(context, names[node], gutter - 6), 0, middle);
      }
    }
  }

  // Which colour is which queue; beyond eight they come again.
  function keyOf(all) {
    const now = colours();
    const mark = (name, at) => {
      const swatch = make('i');
      swatch.style.background = now.series[at % 8];
      return make('span', '', null, swatch, name || '(no queue)');
    };
    return make('div', 'key', null, ...all.slice(0, 24).map(mark));
  }

  return {
    resize: chart.resize,
    destroy: () => {
      chart.destroy();
      plot.replaceChildren();
    },
  };
}
