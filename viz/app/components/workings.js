// The arithmetic of one unit: its input map and output map, its terms and their sum. Each term is a link to its unit.
// The window can be played over the map in the browser; the output map fills with the values of the network.

const NORMAL = 6; // positions per second at speed 1
const WAYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export default function ({ data, parentElement, setTriggerValue }) {
  const old = parentElement.querySelector(".workings");
  const held = old?.output.contains(parentElement.getRootNode().activeElement);
  old?.stop();
  const root = make("div", "workings");
  root.dataset.unit = `${data.name}.${data.unit.join(".")}`;
  const input = map(data.input, `${data.source}, map ${data.input.channel}`);
  const output = map(data.output, `${data.name}, map ${data.unit[0]}`);
  const terms = make("div", "terms");
  const sum = make("p", "sum");
  root.append(input.panel, middle(data, terms, sum, setTriggerValue), output.panel);
  const [channel, y, x] = data.unit;

  output.choose = (place) => setTriggerValue("chosen", { follow: false, unit: [channel, ...place] });
  byKeys(output, data, [y, x]);
  input.choose = (place) => {
    const taken = data.groups.filter((group) => group.source === data.source).flatMap((group) => group.terms).find((term) => same(term.unit, [data.input.channel, ...place]));
    if (taken) setTriggerValue("chosen", { follow: true, source: data.source, unit: taken.unit });
  };
  const show = (unit) => {
    input.frame(data.covered ?? covered(data, unit));
    output.frame([unit[0], unit[1], unit[0] + 1, unit[1] + 1]);
  };
  show([y, x]);
  output.show = show;
  const follow = (unit) => setTriggerValue("chosen", { follow: true, source: data.source, unit });
  root.stop = data.play ? player(data, root, show, output, terms, sum, follow) : () => {};
  old?.remove();
  root.output = output.stage;
  parentElement.append(root);
  if (held) output.stage.focus(); // keep the focus for the next arrow key
}

function same(a, b) {
  return a.every((value, index) => value === b[index]);
}

// The rows and columns of the input that a unit's window covers, half-open.
function covered(data, [y, x]) {
  const [ky, kx] = data.window.kernel;
  const [sy, sx] = data.window.stride;
  const [dy, dx] = data.window.dilation;
  const [top, left] = [y * sy - data.window.padding[0], x * sx - data.window.padding[1]];
  return [top, left, top + (ky - 1) * dy + 1, left + (kx - 1) * dx + 1];
}

// A map as a picture with one pixel for each unit, and a frame. A click chooses a unit.
function map(data, words) {
  const panel = make("figure");
  const stage = make("div", "map");
  const picture = make("img");
  const frame = make("i", "frame");
  const cover = make("canvas", "cover");
  [cover.width, cover.height] = [data.width, data.height];
  picture.src = data.picture;
  picture.alt = words;
  stage.style.aspectRatio = `${data.width} / ${data.height}`;
  if (data.width * data.height === 1) stage.classList.add("single"); // one number needs no large square
  stage.append(picture, cover, frame);
  const caption = make("figcaption", "", words);
  const legend = make("p", "legend");
  legend.innerHTML = data.scale;
  panel.append(stage, caption, legend);
  const made = { panel, stage, cover, choose: () => {} };
  made.frame = ([top, left, bottom, right]) => {
    const [high, wide] = [100 / data.height, 100 / data.width];
    const style = { top: top * high, left: left * wide, height: (bottom - top) * high, width: (right - left) * wide };
    for (const [name, value] of Object.entries(style)) frame.style[name] = `${value}%`;
  };
  stage.onclick = (event) => {
    stage.blur(); // after a mouse click the page's own shortcuts work again
    const box = stage.getBoundingClientRect();
    const place = (start, length, count) => Math.min(count - 1, Math.max(0, Math.floor((start / length) * count)));
    made.choose([
      place(event.clientY - box.top, box.height, data.height),
      place(event.clientX - box.left, box.width, data.width),
    ]);
  };
  return made;
}

// Let the arrow keys choose a neighbour of the unit. The input map needs no keys: its units are buttons beside it.
function byKeys(map, { name, output: { width, height, channel } }, place) {
  if (width * height === 1) return;
  let [y, x] = place;
  map.stage.tabIndex = 0;
  map.stage.setAttribute("role", "application"); // so that screen readers pass the arrow keys on
  map.stage.setAttribute("aria-label", `${name}, map ${channel}: unit y ${y}, x ${x}. The arrow keys choose another.`);
  map.stage.onkeydown = (event) => {
    const way = WAYS[event.key];
    if (!way) return;
    event.stopPropagation(); // elsewhere on the page these keys choose a row
    event.preventDefault();
    const next = [y + way[0], x + way[1]];
    if (next[0] < 0 || next[0] >= height || next[1] < 0 || next[1] >= width) return;
    [y, x] = next;
    map.show(next);
    map.choose(next);
  };
}

function middle(data, terms, sum, setTriggerValue) {
  const panel = make("div", "middle");
  const groups = data.groups.map((group) =>
    grid(data, group, (unit) => setTriggerValue("chosen", { follow: true, source: group.source, unit })),
  );
  const single = data.groups.every((group) => group.terms.length === 1);
  if (single) {
    const all = make("div", "list");
    all.append(...groups.map((group) => group.querySelector("button")));
    terms.append(all);
  } else {
    const first = Math.max(0, data.groups.findIndex((group) => group.source === data.source && group.channel === data.input.channel));
    terms.append(groups[first]);
    if (groups.length > 1) {
      const more = make("details");
      more.append(make("summary", "", data.more), ...groups.filter((_, i) => i !== first));
      terms.append(more);
    }
  }
  sum.innerHTML = data.formula;
  const verdict = make("p", "verdict", `Recorded by the network: ${data.recorded}`);
  const rule = make("p", "rule");
  rule.innerHTML = data.symbols;
  panel.append(rule, terms, sum, verdict);
  return panel;
}

function grid(data, group, follow) {
  const box = make("div", "group");
  if (data.groups.length > 1) box.append(make("p", "heading", `${group.heading}: ${group.sum}`));
  const cells = make("div", "cells");
  cells.style.setProperty("--columns", group.columns);
  cells.append(
    ...group.terms.map((term) => {
      const cell = make("button", term.counts ? "" : "idle");
      cell.type = "button";
      cell.dataset.unit = term.unit.join(".");
      cell.dataset.value = term.value;
      const [c, y, x] = term.unit;
      cell.setAttribute("aria-label", `${group.source} map ${c}, y ${y}, x ${x}: ${term.value}. Follow it back.`);
      cell.dataset.says = `${group.source}, map ${c}, y ${y}, x ${x}: follow it back`;
      cell.append(make("b", "", term.value), make("span", "", term.rule));
      if (group.name) cell.append(make("span", "", group.name));
      cell.onclick = () => follow(term.unit);
      return cell;
    }),
  );
  box.append(cells);
  return box;
}

// The terms of one window position in the shown input map, and their sum, computed without a rerun.
function patch(data, [y, x]) {
  const { values, weights } = data.play;
  const [top, left] = covered(data, [y, x]);
  const [high, wide] = data.window.kernel;
  const taken = [];
  for (let ky = 0; ky < high; ky += 1)
    for (let kx = 0; kx < wide; kx += 1) {
      const [iy, ix] = [top + ky * data.window.dilation[0], left + kx * data.window.dilation[1]];
      if (iy < 0 || ix < 0 || iy >= data.input.height || ix >= data.input.width) continue; // padding adds 0
      taken.push({ place: [iy, ix], value: values[iy * data.input.width + ix], weight: weights?.[ky * wide + kx] });
    }
  const largest = taken.reduce((most, term, index) => (term.value > taken[most].value ? index : most), 0);
  taken.forEach((term, index) => (term.weight ??= index === largest ? 1 : 0)); // a max pool keeps only the largest
  return {
    source: data.source,
    channel: data.input.channel,
    heading: `Input map ${data.input.channel}`,
    columns: new Set(taken.map((term) => term.place[1])).size,
    sum: said(taken.reduce((sum, term) => sum + term.value * term.weight, 0)),
    terms: taken.map((term) => ({
      unit: [data.input.channel, ...term.place],
      value: said(term.value),
      rule: `× ${said(term.weight)}`,
      counts: term.weight !== 0,
    })),
  };
}

function said(value) {
  const text = value.toFixed(3);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

// Slide the window over the map and uncover the output step by step. Returns a function that stops it.
function player(data, root, show, output, terms, sum, follow) {
  const still = [...terms.childNodes];
  const verdict = root.querySelector(".verdict");
  const maps = data.groups.length;
  const count = data.output.height * data.output.width;
  const start = data.unit[1] * data.output.width + data.unit[2];
  const bar = make("div", "player");
  const play = button("Play", () => (timer ? pause() : run()));
  const step = button("Step", () => (pause(), advance()));
  const back = button("Show all", () => (pause(), reset()));
  const speed = make("input");
  Object.assign(speed, { type: "range", min: 0, max: 4, step: 1, value: 1 });
  const named = make("label", "moving", "Speed ");
  named.append(speed);
  speed.onkeydown = (event) => event.stopPropagation(); // on this page the arrow keys choose a row
  speed.oninput = () => timer && (pause(), run());
  play.className = "moving";
  bar.append(play, step, back, named);
  root.append(bar);
  let [timer, place] = [0, -1];

  function run() {
    if (place >= count - 1) place = -1;
    play.textContent = "Pause";
    timer = setInterval(advance, 1000 / (NORMAL * 3 ** (speed.value - 1)));
  }
  function pause() {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
  }
  function advance() {
    place += 1;
    if (place >= count) return pause();
    const unit = [Math.floor(place / data.output.width), place % data.output.width];
    show(unit);
    hideAfter(place);
    for (const part of [terms, sum]) part.style.minHeight ||= `${part.offsetHeight}px`; // so that the buttons do not move
    const taken = patch(data, unit);
    terms.replaceChildren(grid(data, taken, follow));
    const value = data.output.values[place];
    const worked = !data.play.weights
      ? `max = ${value}`
      : maps === 1
        ? `${taken.sum} + ${data.bias} (bias) = ${value}`
        : `${taken.sum} from map ${taken.channel}; all ${maps} maps and the bias: ${value}`;
    sum.textContent = `y ${unit[0]}, x ${unit[1]}: ${worked}`;
    verdict.textContent = `Recorded by the network: ${value}`;
  }
  function hideAfter(last) {
    const context = output.cover.getContext("2d");
    context.clearRect(0, 0, data.output.width, data.output.height);
    context.fillStyle = getComputedStyle(root).getPropertyValue("--st-secondary-background-color");
    for (let each = last + 1; each < count; each += 1)
      context.fillRect(each % data.output.width, Math.floor(each / data.output.width), 1, 1);
  }
  function reset() {
    place = -1;
    output.cover.getContext("2d").clearRect(0, 0, data.output.width, data.output.height);
    show([Math.floor(start / data.output.width), start % data.output.width]);
    terms.style.minHeight = sum.style.minHeight = "";
    terms.replaceChildren(...still);
    sum.innerHTML = data.formula;
    verdict.textContent = `Recorded by the network: ${data.recorded}`;
  }
  return pause;
}

function button(text, onclick) {
  const made = make("button", "", text);
  made.type = "button";
  made.onclick = onclick;
  return made;
}

function make(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
