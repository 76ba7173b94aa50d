'use strict';

// The timeline of a report: a row for each engine, drawn on a canvas. From afar the rows show bins of time, nearby single tasks.
// Times are microseconds from the first of the history.
(async () => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const box = document.getElementById('timeline');
  const canvas = document.getElementById('canvas');
  const spacer = document.getElementById('spacer');
  const tip = document.getElementById('tip');
  const output = document.getElementById('view');
  const pen = canvas.getContext('2d');

  // --- reading the data

  async function inflate(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // The bytes of numbers come sorted by their place in a number.
  async function numbers(text, Type) {
    const bytes = await inflate(text);
    const size = Type.BYTES_PER_ELEMENT;
    const count = bytes.length / size;
    const sorted = new Uint8Array(bytes.length);
    for (let place = 0; place < size; place++) {
      for (let i = 0; i < count; i++) sorted[i * size + place] = bytes[place * count + i];
    }
    return new Type(sorted.buffer);
  }

  async function lines(text) {
    return new TextDecoder().decode(await inflate(text)).split('\n');
  }

  // Each level has half as many bins as the one before it; the numbers of a row follow those of the row above.
  async function readLevels() {
    const shares = await numbers(data.busy, Uint8Array);
    const levels = [{
      bins: data.bins,
      width: data.width,
      busy: Float32Array.from(shares, (share) => share / 255),
      ended: await numbers(data.ended, Uint32Array),
      failed: await numbers(data.failed, Uint32Array),
      waiting: await numbers(data.waiting, Float32Array),
    }];
    while (levels.at(-1).bins > 16) levels.push(coarser(levels.at(-1)));
    return levels;
  }

  function coarser(level) {
    const half = (values, factor) => {
      const sums = new Float32Array(values.length / 2);
      for (let i = 0; i < sums.length; i++) sums[i] = (values[2 * i] + values[2 * i + 1]) * factor;
      return sums;
    };
    return {
      bins: level.bins / 2,
      width: level.width * 2,
      busy: half(level.busy, 0.5),
      ended: half(level.ended, 1),
      failed: half(level.failed, 1),
      waiting: half(level.waiting, 0.5),
    };
  }

  // Bars are sorted by their start. `order` lists them lane by lane; `offsets` says where each lane begins. Those of a lane do not overlap.
  async function readBars() {
    const packed = data.bars;
    const starts = Float64Array.from(await numbers(packed.starts, Uint32Array));
    const lengths = await numbers(packed.lengths, Uint32Array);
    const rows = await numbers(packed.rows, Uint16Array);
    const lanes = await numbers(packed.lanes, Uint16Array);
    const states = await numbers(packed.ended, Uint8Array);
    const ends = new Float64Array(starts.length);
    let place = 0;
    for (let i = 0; i < starts.length; i++) {
      place += starts[i];
      starts[i] = place * packed.unit;
      ends[i] = starts[i] + lengths[i] * packed.unit;
    }
    const laneOf = (i) => data.rows[rows[i]].lane + lanes[i];
    const offsets = new Uint32Array(data.rows.reduce((sum, row) => { row.lane = sum; return sum + row.lanes; }, 0) + 1);
    for (let i = 0; i < starts.length; i++) offsets[laneOf(i) + 1]++;
    for (let lane = 1; lane < offsets.length; lane++) offsets[lane] += offsets[lane - 1];
    const order = new Uint32Array(starts.length);
    const next = offsets.slice();
    for (let i = 0; i < starts.length; i++) order[next[laneOf(i)]++] = i;
    return { starts, ends, rows, states, offsets, order, ids: [], labels: [], names: [], whole: packed.count === data.ran };
  }

  // The first i from `low` on for which `after(i)` is true, if it is so for all after it.
  function search(low, high, after) {
    while (low < high) {
      const middle = (low + high) >> 1;
      if (after(middle)) high = middle; else low = middle + 1;
    }
    return low;
  }

  const levels = await readLevels();
  const bars = await readBars();

  // --- what is in sight

  const view = { from: 0, to: data.span };
  const SHORTEST = Math.min(data.span, 100);
  const AXIS = 26;
  const WAITING = 42;
  const HEAD = AXIS + WAITING;
  const NAMES = '11px ui-monospace, Menlo, Consolas, monospace';
  const FEW = 3000; // bars that are drawn however short they are
  const size = { width: 0, height: 0, gutter: 0, row: 24 };
  let colors = {};
  let hover = null; // where the pointer, or the cursor of the keyboard, is: {x, y}
  let row = 0; // the engine that the keyboard has chosen

  const plot = () => size.width - size.gutter;
  const scale = () => plot() / (view.to - view.from);
  const xOf = (time) => size.gutter + (time - view.from) * scale();
  const timeOf = (x) => view.from + (x - size.gutter) / scale();
  const topOf = (number) => HEAD + number * size.row - box.scrollTop;

  function look(from, to) {
    const span = Math.min(Math.max(to - from, SHORTEST), data.span);
    view.from = Math.min(Math.max(from, 0), data.span - span);
    view.to = view.from + span;
    redraw();
  }

  function zoom(factor, at) {
    const span = Math.min(Math.max((view.to - view.from) * factor, SHORTEST), data.span);
    const from = at - (at - view.from) * span / (view.to - view.from);
    look(from, from + span);
  }

  const move = (share) => look(view.from + share * (view.to - view.from), view.to + share * (view.to - view.from));
  const middle = () => (view.from + view.to) / 2;

  function single() {
    if (!bars.starts.length) return false;
    const from = search(0, bars.starts.length, (i) => bars.starts[i] >= view.from);
    const to = search(from, bars.starts.length, (i) => bars.starts[i] > view.to);
    return (bars.whole && to - from <= FEW) || data.width * scale() >= 3;
  }

  function level() {
    return levels.find((one) => one.width * scale() >= 1) ?? levels.at(-1);
  }

  // --- texts

  function duration(time) {
    const seconds = time / 1e6;
    if (seconds < 0.9995e-3) return `${Math.round(time)} µs`;
    if (seconds < 0.9995) return `${Number((seconds * 1000).toPrecision(3))} ms`;
    if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
    const whole = Math.round(seconds);
    const [factor, unit, smaller, below] =
      whole < 3600 ? [60, 'm', 1, 's'] : whole < 86400 ? [3600, 'h', 60, 'm'] : [86400, 'd', 3600, 'h'];
    return `${Math.floor(whole / factor)} ${unit} ${String(Math.floor((whole % factor) / smaller)).padStart(2, '0')} ${below}`;
  }

  // The date and the time of day, so precise that times which are `step` apart differ.
  function dateAndTime(time, step) {
    const micros = Math.round(data.first + time);
    const [date, clock] = new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1).split('T');
    if (step >= 60e6) return [date, clock.slice(0, 5)];
    if (step >= 1e6) return [date, clock.slice(0, 8)];
    return [date, step >= 1e3 ? clock : clock + String(((micros % 1000) + 1000) % 1000).padStart(3, '0')];
  }

  const moment = (time, step = 1e6) => dateAndTime(time, step).join(' ');
  const count = (number) => Math.round(number).toLocaleString('en');
  const percent = (share) => `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;

  // --- drawing

  let asked = false;
  function redraw() {
    if (!asked) {
      asked = true;
      requestAnimationFrame(() => { asked = false; draw(); });
    }
  }

  function resize() {
    const most = Math.max(1, ...data.rows.map((one) => one.lanes));
    size.width = box.clientWidth;
    pen.font = NAMES;
    const longest = Math.max(...data.rows.map((one) => pen.measureText(one.name).width));
    size.gutter = Math.min(Math.max(Math.ceil(longest) + 18, 70), 0.35 * size.width);
    canvas.dataset.gutter = size.gutter;
    size.row = Math.min(Math.max(24, 4 * most), 36);
    const height = HEAD + size.row * data.rows.length + 4;
    box.style.height = `${height + 2}px`;
    size.height = Math.min(height, box.clientHeight);
    spacer.style.height = `${height - size.height}px`;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    canvas.style.height = `${size.height}px`;
    canvas.width = Math.round(size.width * ratio);
    canvas.height = Math.round(size.height * ratio);
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    redraw();
  }

  function readColors() {
    const style = getComputedStyle(document.documentElement);
    const names = ['ground', 'raised', 'line', 'ink', 'quiet', 'done', 'failed', 'aborted', 'running', 'pending'];
    colors = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    redraw();
  }

  function draw() {
    const bySingle = single();
    pen.fillStyle = colors.ground;
    pen.fillRect(0, 0, size.width, size.height);
    const step = STEPS.find((one) => one * scale() >= 84) ?? STEPS.at(-1);
    drawGrid(step);
    drawRows(bySingle);
    pen.fillStyle = colors.ground;
    pen.fillRect(0, 0, size.width, HEAD);
    drawGrid(step, HEAD);
    drawWaiting();
    drawAxis(step);
    drawCursor();
    canvas.dataset.shows = bySingle ? 'tasks' : 'bins';
    const precision = (view.to - view.from) / 300;
    output.textContent = `${moment(view.from, precision)} – ${moment(view.to, precision)} UTC (${duration(view.to - view.from).replaceAll(' ', '\u00a0')})`;
    if (hover) showTip();
  }

  function drawRows(bySingle) {
    const first = Math.max(0, Math.floor(box.scrollTop / size.row));
    const last = Math.min(data.rows.length, Math.ceil((box.scrollTop + size.height - HEAD) / size.row));
    const shown = level();
    for (let number = first; number < last; number++) {
      const top = topOf(number);
      pen.fillStyle = colors.line;
      pen.fillRect(0, top + size.row - 1, size.width, 1);
      pen.save();
      pen.beginPath();
      pen.rect(size.gutter, top, plot(), size.row);
      pen.clip();
      if (!bySingle) drawBins(shown, number, top);
      else {
        if (!bars.whole) drawBins(levels[0], number, top, 0.3);
        drawBars(number, top);
      }
      pen.restore();
      name(data.rows[number].name, top + size.row / 2);
    }
  }

  function name(text, y) {
    pen.fillStyle = colors.ink;
    pen.font = NAMES;
    pen.textAlign = 'left';
    pen.textBaseline = 'middle';
    pen.fillText(text, 8, y, size.gutter - 14);
  }

  function drawBins(shown, number, top, faint = 1) {
    const from = Math.max(0, Math.floor(view.from / shown.width));
    const to = Math.min(shown.bins - 1, Math.floor(view.to / shown.width));
    const high = size.row - 4;
    const floor = top + size.row - 2;
    for (let bin = from; bin <= to; bin++) {
      const place = number * shown.bins + bin;
      const busy = shown.busy[place];
      if (!busy) continue;
      const [x, wide] = across(bin, shown.width);
      pen.globalAlpha = faint * 0.1;
      pen.fillStyle = colors.done;
      pen.fillRect(x, floor - high, wide, high);
      pen.globalAlpha = faint;
      const tall = Math.max(1, Math.round(busy * high));
      pen.fillRect(x, floor - tall, wide, tall);
      if (shown.failed[place]) {
        const failed = Math.min(tall, Math.max(1, Math.round(tall * shown.failed[place] / shown.ended[place])));
        pen.fillStyle = colors.failed;
        pen.fillRect(x, floor - failed, Math.max(wide, 2), failed);
      }
    }
    pen.globalAlpha = 1;
  }

  // Where a bin begins, and how wide it is: whole pixels, so that neighbours neither overlap nor leave a gap.
  function across(bin, width) {
    const x = Math.round(xOf(bin * width));
    return [x, Math.max(1, Math.round(xOf((bin + 1) * width)) - x)];
  }

  function drawBars(number, top) {
    const base = data.rows[number].lane;
    const lanes = lanesInSight(number);
    const each = (size.row - 4) / lanes;
    for (let lane = 0; lane < lanes; lane++) {
      const y = top + 1.5 + lane * each;
      const high = Math.max(1, each - (each > 3 ? 1 : 0));
      let drawn = -1;
      for (const i of inSight(base + lane)) {
        const x = Math.max(xOf(bars.starts[i]), size.gutter - 2);
        const end = Math.min(xOf(bars.ends[i]), size.width + 2);
        const state = data.bars.states[bars.states[i]];
        if (end < drawn + 0.5 && state === 'done') continue; // hidden by the one before it
        const wide = Math.max(end - x - (end - x > 4 ? 1 : 0), state === 'done' ? 1 : 2);
        pen.fillStyle = colors[state];
        pen.fillRect(x, y, wide, high);
        drawn = x + wide;
        if (wide > 40 && high >= 12) label(i, state, x, y, wide, high);
      }
    }
  }

  // As many as the tasks in sight need, so that these are as high as they can be.
  function lanesInSight(number) {
    const { lane: base, lanes } = data.rows[number];
    let last = lanes - 1;
    while (last > 0 && inSight(base + last).next().done) last--;
    return last + 1;
  }

  function label(i, state, x, y, wide, high) {
    const text = (state === 'failed' ? bars.names[i] : '') || bars.labels[i];
    if (!text) return;
    pen.save();
    pen.beginPath();
    pen.rect(x, y, wide - 4, high);
    pen.clip();
    pen.fillStyle = colors.ground;
    pen.font = '11px system-ui, sans-serif';
    pen.textAlign = 'left';
    pen.textBaseline = 'middle';
    pen.fillText(text, x + 5, y + high / 2 + 0.5);
    pen.restore();
  }

  function* inSight(lane) {
    const last = bars.offsets[lane + 1];
    let place = search(bars.offsets[lane], last, (at) => bars.ends[bars.order[at]] >= view.from);
    for (; place < last && bars.starts[bars.order[place]] <= view.to; place++) yield bars.order[place];
  }

  function drawWaiting() {
    const shown = level();
    const from = Math.max(0, Math.floor(view.from / shown.width));
    const to = Math.min(shown.bins - 1, Math.floor(view.to / shown.width));
    let most = 0;
    for (let bin = from; bin <= to; bin++) most = Math.max(most, shown.waiting[bin]);
    pen.save();
    pen.beginPath();
    pen.rect(size.gutter, AXIS, plot(), WAITING);
    pen.clip();
    pen.fillStyle = colors.pending;
    for (let bin = from; most && bin <= to; bin++) {
      const [x, wide] = across(bin, shown.width);
      const tall = Math.round(shown.waiting[bin] / most * (WAITING - 8));
      pen.fillRect(x, HEAD - 2 - tall, wide, tall);
    }
    pen.restore();
    pen.fillStyle = colors.line;
    pen.fillRect(0, HEAD - 1, size.width, 1);
    name('waiting', AXIS + WAITING / 2 - 7);
    pen.fillStyle = colors.quiet;
    pen.fillText(`max ${most >= 10 ? count(most) : Number(most.toPrecision(2))}`, 8, AXIS + WAITING / 2 + 8, size.gutter - 14);
  }

  const SECOND = 1e6, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
  const STEPS = [
    ...[1, 10, 100, 1e3, 1e4, 1e5].flatMap((unit) => [unit, 2 * unit, 5 * unit]),
    ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
    ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
    ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
    ...[1, 2, 7, 14, 28, 91, 182, 364, 1820, 3640, 18_200, 36_400, 182_000, 364_000].map((days) => days * DAY),
  ];

  function* ticks(step) {
    let time = Math.ceil((data.first + view.from) / step) * step - data.first;
    for (; time <= view.to; time += step) yield [time, Math.round(xOf(time))];
  }

  function drawGrid(step, height = size.height) {
    pen.fillStyle = colors.line;
    pen.globalAlpha = 0.6;
    for (const [, x] of ticks(step)) pen.fillRect(x, AXIS - 6, 1, height - AXIS + 6);
    pen.globalAlpha = 1;
  }

  function drawAxis(step) {
    pen.font = '11px system-ui, sans-serif';
    pen.textBaseline = 'middle';
    pen.textAlign = 'left';
    pen.fillStyle = colors.quiet;
    for (const [time, x] of ticks(step)) {
      const [date, clock] = dateAndTime(time, step);
      const text = step >= DAY || (data.first + time) % DAY === 0 ? date : clock;
      if (x + pen.measureText(text).width + 4 < size.width) pen.fillText(text, x + 4, AXIS / 2);
    }
    pen.fillStyle = colors.line;
    pen.fillRect(0, AXIS, size.width, 1);
    // Where in the whole history the view is.
    pen.fillRect(size.gutter, 0, plot(), 3);
    pen.fillStyle = colors.quiet;
    pen.fillRect(size.gutter + plot() * view.from / data.span, 0, Math.max(3, plot() * (view.to - view.from) / data.span), 3);
  }

  function drawCursor() {
    if (!hover || hover.x < size.gutter) return;
    pen.fillStyle = colors.quiet;
    pen.fillRect(Math.round(hover.x), AXIS, 1, size.height - AXIS);
  }

  // --- the tip: what is at the pointer

  function barAt(number, y, time) {
    const base = data.rows[number].lane;
    const lanes = lanesInSight(number);
    const each = (size.row - 4) / lanes;
    const lane = (y - topOf(number) - 1.5) / each;
    const near = 3 / scale();
    const spread = Math.ceil(2 / each);
    let found = -1;
    let distance = Infinity;
    for (let one = Math.max(0, Math.floor(lane) - spread); one <= Math.min(lanes - 1, Math.floor(lane) + spread); one++) {
      const last = bars.offsets[base + one + 1];
      const place = search(bars.offsets[base + one], last, (at) => bars.ends[bars.order[at]] >= time - near);
      const i = bars.order[place];
      if (place < last && bars.starts[i] <= time + near && Math.abs(one + 0.5 - lane) < distance) {
        distance = Math.abs(one + 0.5 - lane);
        found = i;
      }
    }
    return found;
  }

  function barFacts(i) {
    const state = data.bars.states[bars.states[i]];
    return [bars.labels[i] || 'task', [
      ['state', bars.names[i] ? `${state}: ${bars.names[i]}` : state],
      ['ran', duration(bars.ends[i] - bars.starts[i])],
      ['started', `${moment(bars.starts[i], 1e3)} UTC`],
      ['engine', data.rows[bars.rows[i]].id || 'unknown'],
      ['task', bars.ids[i] || '…'],
    ]];
  }

  function binFacts(number, time) {
    const shown = level();
    const bin = Math.min(shown.bins - 1, Math.max(0, Math.floor(time / shown.width)));
    const span = [['from', `${moment(bin * shown.width, shown.width)} UTC`], ['for', duration(shown.width)]];
    if (number < 0) return ['Waiting tasks', [...span, ['on average', Number(shown.waiting[bin].toPrecision(3)).toLocaleString('en')]]];
    const place = number * shown.bins + bin;
    const title = data.rows[number].id ? `Engine ${data.rows[number].name}` : data.rows[number].name;
    return [title, [
      ...span,
      ['busy', percent(shown.busy[place])],
      ['ended', `${count(shown.ended[place])}, of which failed ${count(shown.failed[place])}`],
    ]];
  }

  function facts({ x, y }) {
    if (x < size.gutter || y < AXIS) return null;
    const time = timeOf(x);
    if (y < HEAD) return binFacts(-1, time);
    const number = Math.floor((y - HEAD + box.scrollTop) / size.row);
    if (number >= data.rows.length) return null;
    const bar = single() ? barAt(number, y, time) : -1;
    return bar < 0 ? binFacts(number, time) : barFacts(bar);
  }

  function showTip() {
    const found = facts(hover);
    tip.hidden = !found;
    if (!found) return;
    const [title, pairs] = found;
    const list = document.createElement('dl');
    for (const [key, value] of pairs) {
      list.append(Object.assign(document.createElement('dt'), { textContent: key }));
      list.append(Object.assign(document.createElement('dd'), { textContent: value }));
    }
    tip.replaceChildren(Object.assign(document.createElement('b'), { textContent: title }), list);
    const place = canvas.getBoundingClientRect();
    const x = place.left + hover.x;
    const y = place.top + hover.y;
    const left = x + 14 + tip.offsetWidth > innerWidth ? x - 14 - tip.offsetWidth : x + 14;
    const top = y + 14 + tip.offsetHeight > innerHeight ? y - 14 - tip.offsetHeight : y + 14;
    tip.style.left = `${Math.max(8, Math.min(left, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${Math.max(8, top)}px`;
  }

  function point(at) {
    hover = at;
    if (!at) tip.hidden = true;
    redraw();
  }

  // --- pointer, wheel, keys, buttons

  const pointers = new Map();
  let seen = null; // where the mouse was
  let moved = false; // whether the mouse has moved here since the page scrolled: only then the wheel zooms

  const at = (event) => {
    const place = canvas.getBoundingClientRect();
    return { x: event.clientX - place.left, y: event.clientY - place.top };
  };

  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { ...at(event), far: 0 });
    if (event.pointerType !== 'mouse') point(null);
  });

  canvas.addEventListener('pointermove', (event) => {
    const here = at(event);
    moved ||= !seen || seen.x !== event.clientX || seen.y !== event.clientY;
    seen = { x: event.clientX, y: event.clientY };
    const before = pointers.get(event.pointerId);
    if (!before) return point(here);
    const others = [...pointers].filter(([id]) => id !== event.pointerId);
    pointers.set(event.pointerId, { ...here, far: before.far + Math.abs(here.x - before.x) + Math.abs(here.y - before.y) });
    if (others.length) pinch(before, here, others[0][1]);
    else {
      look(view.from - (here.x - before.x) / scale(), view.to - (here.x - before.x) / scale());
      if (event.pointerType === 'mouse') box.scrollTop -= here.y - before.y;
      hover = event.pointerType === 'mouse' ? here : null;
    }
  });

  function pinch(before, here, other) {
    const factor = Math.max(20, Math.abs(before.x - other.x)) / Math.max(20, Math.abs(here.x - other.x));
    zoom(factor, timeOf((here.x + other.x) / 2));
  }

  canvas.addEventListener('pointerup', (event) => {
    const before = pointers.get(event.pointerId);
    if (before && before.far < 6) point(at(event));
    pointers.delete(event.pointerId);
  });
  canvas.addEventListener('pointercancel', (event) => pointers.delete(event.pointerId));
  canvas.addEventListener('pointerleave', (event) => { if (event.pointerType === 'mouse') point(null); });
  canvas.addEventListener('dblclick', (event) => zoom(0.4, timeOf(at(event).x)));
  window.addEventListener('scroll', () => { moved = false; if (hover) point(null); }, { passive: true });
  box.addEventListener('scroll', redraw, { passive: true });

  canvas.addEventListener('wheel', (event) => {
    if (!moved && !event.ctrlKey) return;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      move((event.deltaX || event.deltaY) / plot());
    } else if (event.deltaY < 0 || view.to - view.from < data.span || event.ctrlKey) {
      event.preventDefault();
      zoom(Math.exp(Math.max(-120, Math.min(120, event.deltaY)) / 300), timeOf(at(event).x));
    }
  }, { passive: false });

  function choose(number) {
    row = Math.min(Math.max(number, 0), data.rows.length - 1);
    const top = row * size.row;
    box.scrollTop = Math.min(Math.max(box.scrollTop, top + size.row - (size.height - HEAD)), top);
    point({ x: size.gutter + plot() / 2, y: topOf(row) + size.row / 2 });
  }

  const actions = {
    in: () => zoom(0.5, middle()),
    out: () => zoom(2, middle()),
    earlier: () => move(-0.25),
    later: () => move(0.25),
    all: () => look(0, data.span),
    up: () => choose(row - 1),
    down: () => choose(row + 1),
    away: () => point(null),
  };
  const keys = {
    '+': 'in', '=': 'in', '-': 'out', '_': 'out', ArrowLeft: 'earlier', ArrowRight: 'later', 0: 'all', Home: 'all',
    ArrowUp: 'up', ArrowDown: 'down', Escape: 'away',
  };

  canvas.addEventListener('keydown', (event) => {
    const action = actions[keys[event.key]];
    if (action && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      action();
    }
  });
  canvas.addEventListener('blur', () => point(null));
  for (const button of document.querySelectorAll('[data-do]')) button.addEventListener('click', actions[button.dataset.do]);

  new ResizeObserver(resize).observe(box);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', readColors);
  readColors();
  resize();
  bars.labels = await lines(data.bars.labels);
  bars.names = await lines(data.bars.names);
  bars.ids = await lines(data.bars.ids);
  redraw();
  canvas.dataset.ready = 'true';
})();
