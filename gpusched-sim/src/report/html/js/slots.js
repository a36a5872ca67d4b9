// The slots of GPUs that MIG cuts.

function drawSlots(plot, run) {
  const { gpus } = data.runs[run].slots;
  // Two GPUs side by side even on a telephone.
  const small = plot.clientWidth < 600;
  const cell = small ? 11 : 18;
  const name = small ? 70 : 110;
  const names = shortNames(gpus.map(([node]) => node));
  const most = gpus.reduce((longest, [, , , slots]) => Math.max(longest, slots.length), 1);
  const wide = name + most * cell + (small ? 8 : 24);
  const perRow = (width) => Math.max(1, Math.floor((width + (small ? 8 : 24)) / wide));
  const columns = perRow(plot.clientWidth);
  const rows = Math.ceil(gpus.length / columns);
  const tall = cell + (small ? 4 : 6);
  // Where nothing fits side by side, slots get narrower.
  const size = (width) => (columns === 1 ? Math.min(cell, (width - name) / most) : cell);
  const drawn = canvasIn(plot, rows * tall + 4, (context, width) => {
    const now = colours();
    const hatch = stripes(context, now.muted);
    gpus.forEach(([, gpu, , slots], at) => {
      const left = (at % columns) * wide;
      const top = Math.floor(at / columns) * tall + 3;
      context.textAlign = 'left';
      context.font = '12px system-ui, sans-serif';
      context.fillStyle = now.muted;
      context.fillText(`${endOf(context, names[at], name - 30)} ${gpu}`, left, top + cell / 2);
      [...slots].forEach((slot, place) => {
        const each = size(width);
        const x = left + name + place * each;
        const digit = Number(slot);
        if (slot === 'x') context.fillStyle = hatch;
        else if (slot === 'W') context.fillStyle = now.muted;
        else context.fillStyle = digit > 0 ? now.series[digit % 8] : now.page;
        context.fillRect(x, top, each - 1, cell);
        context.strokeStyle = now.line;
        context.strokeRect(x + 0.5, top + 0.5, each - 2, cell - 1);
        if (slot === '.') return;
        context.textAlign = 'center';
        context.font = `${small ? 9 : 12}px system-ui, sans-serif`;
        context.fillStyle = slot === 'x' ? now.text : inkOn(context.fillStyle);
        context.fillText(slot, x + each / 2 - 0.5, top + cell / 2 + 0.5);
      });
    });
    context.textAlign = 'left';
  });
  drawn.canvas.addEventListener('pointermove', (event) => {
    const at = Math.floor(event.offsetY / tall) * columns + Math.floor(event.offsetX / wide);
    if (at >= gpus.length) {
      hideTip();
      return;
    }
    const [node, gpu, board, slots, instances] = gpus[at];
    showTip(event, [`${node}, GPU ${gpu}`, board, slots, instances || 'no instance in use']);
  });
  drawn.canvas.addEventListener('pointerleave', hideTip);
  return {
    resize: () => {
      if (perRow(plot.clientWidth) !== columns) return true;
      drawn.redraw();
      return false;
    },
    destroy: () => plot.replaceChildren(),
  };
}
