// Numbers for people, as the command prints them.

function two(number) {
  return String(number).padStart(2, '0');
}

function span(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds < 0) return `−${span(-seconds)}`;
  const whole = Math.round(seconds);
  if (seconds === 0) return '0s';
  if (whole < 60) return `${seconds.toFixed(1)}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 172800) return `${Math.floor(whole / 3600)}h${two(Math.floor(whole / 60) % 60)}m`;
  return `${Math.floor(whole / 86400)}d${two(Math.floor(whole / 3600) % 24)}h`;
}

function grouped(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

function number(value) {
  if (value === null || value === undefined) return '–';
  return Math.abs(value) >= 1000 ? grouped(value) : value.toFixed(2);
}

function percent(share) {
  return share === null || share === undefined ? '–' : `${(share * 100).toFixed(1)}%`;
}

const shows = { span, percent, number, count: (value) => (value === null ? '–' : grouped(value)) };

// As short as it can be on an axis.
function tick(value) {
  const size = Math.abs(value);
  if (size >= 1e6) return `${+(value / 1e6).toPrecision(3)}M`;
  if (size >= 1e4) return `${+(value / 1e3).toPrecision(3)}k`;
  return String(+value.toPrecision(3));
}

const minute = 60;
const hour = 3600;
const day = 86400;

// Steps of an axis of time, s.
const timeSteps = [
  1, 2, 5, 10, 30, minute, 2 * minute, 5 * minute, 10 * minute, 30 * minute, hour, 2 * hour, 3 * hour,
  6 * hour, 12 * hour, day, 2 * day, 5 * day, 7 * day, 14 * day, 28 * day, 56 * day, 100 * day, 200 * day,
  365 * day,
];

// An instant on an axis whose ticks lie `step` apart: days since the start of the trace, and what
// of the day the step needs.
function instant(seconds, step) {
  if (step >= day) return `${Math.round(seconds / day)}d`;
  const days = Math.floor(seconds / day);
  const rest = Math.round(seconds - days * day);
  const clock = `${two(Math.floor(rest / hour))}:${two(Math.floor(rest / minute) % 60)}`;
  const fine = step < minute ? `${clock}:${two(rest % 60)}` : clock;
  return days > 0 ? `${days}d ${fine}` : fine;
}

// Ticks between two instants, at most so many.
function ticks(min, max, most) {
  const step = timeSteps.find((each) => (max - min) / each <= most) || 1000 * day;
  const found = [];
  for (let at = Math.ceil(min / step) * step; at <= max; at += step) found.push(at);
  return { step, at: found };
}
