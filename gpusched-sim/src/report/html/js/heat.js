// How full nodes were: a row per node, a column per bin of time.

// Anchors of viridis (van der Walt and Smith, CC0), which reads the same without colours.
const viridis = [
  [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141], [39, 173, 129],
  [92, 200, 99], [170, 220, 50], [253, 231, 37],
];

function shade(share) {
  const at = Math.max(0, Math.min(1, share)) * (viridis.length - 1);
  const low = Math.min(viridis.length - 2, Math.floor(at));
  return viridis[low].map((from, part) => Math.round(from + (viridis[low + 1][part] - from) * (at - low)));
}

const absent = 255;
const full = 250;

function drawHeat(plot, run) {
  const { rows, edges, cells } = data.runs[run].heat;
  const shares = bytesOf(cells);
  const columns = edges.length - 1;
  const names = shortNames(rows.map(([first]) => first));
  const picture = make('canvas');
  picture.width = columns;
  picture.height = rows.length;
  const paper = picture.getContext('2d');
  const image = paper.createImageData(columns, rows.length);
  shares.forEach((share, at) => {
    if (share === absent) return;
    image.data.set([...shade(share / full), 255], 4 * at);
  });
  paper.putImageData(image, 0, 0);

  const head = 26;
  const tall = Math.max(80, Math.min(420, rows.length * 12));
  const height = head + tall + foot;
  const rowAt = (y) => Math.floor(((y - head) / tall) * rows.length);
  return timeCanvas(
    plot,
    plot,
    height,
    (context, width) => {
      const now = colours();
      const left = placeOf(edges[0], width);
      const right = placeOf(edges[columns], width);
      context.save();
      context.beginPath();
      context.rect(gutter, head, width - gutter, tall);
      context.clip();
      // What the picture leaves open was not there.
      context.fillStyle = stripes(context, now.muted);
      context.fillRect(left, head, right - left, tall);
      context.imageSmoothingEnabled = false;
      context.drawImage(picture, left, head, right - left, tall);
      context.restore();
      scaleOf(context, width, now);
      timeFoot(context, width, head + tall);
      const each = Math.max(1, Math.ceil((16 / tall) * rows.length));
      context.fillStyle = now.muted;
      for (let row = 0; row < rows.length; row += each) {
        const y = head + ((row + 0.5) / rows.length) * tall;
        if (y + 6 <= head + tall) context.fillText(endOf(context, names[row], gutter - 6), 0, Math.max(y, head + 6));
      }
    },
    (at, y) => {
      const row = rowAt(y);
      const bin = edges.findIndex((edge, place) => at >= edge && at < edges[place + 1]);
      if (row < 0 || row >= rows.length || bin < 0) return null;
      const [first, last, gpus, mean] = rows[row];
      const share = shares[row * columns + bin];
      return [
        first === last ? first : `${first} … ${last}`,
        share === absent ? 'not there' : `${percent(share / full)} of ${gpus} GPUs held`,
        `${span(edges[bin])} to ${span(edges[bin + 1])}`,
        `${percent(mean)} over the whole run`,
      ];
    },
  );
}

// What the shades mean.
function scaleOf(context, width, now) {
  const wide = 120;
  const left = width - wide - 40;
  for (let x = 0; x < wide; x += 1) {
    context.fillStyle = `rgb(${shade(x / wide).join(',')})`;
    context.fillRect(left + x, 4, 1, 12);
  }
  context.fillStyle = now.muted;
  context.textAlign = 'right';
  context.fillText('0%', left - 5, 10);
  context.textAlign = 'left';
  context.fillText('100%', left + wide + 5, 10);
}
