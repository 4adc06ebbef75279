// The arithmetic of one unit: its input maps and output map, its terms and their sum. Each term is a link to its unit,
// and each part of the sum shows its window: its input map, its terms and their products.
// The window can be played over the map in the browser; the output map fills with the values of the network.

const TAKES = 20; // seconds at speed 1
const LONGEST = 1; // seconds for one position
const OFTEN = 30; // milliseconds between two pictures
const WAYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export default function ({ data, parentElement, setTriggerValue }) {
  const old = parentElement.querySelector(".workings");
  const held = old?.output.contains(parentElement.getRootNode().activeElement);
  old?.stop();
  const root = make("div", "workings");
  root.dataset.unit = `${data.name}.${data.unit.join(".")}`;
  const inputs = [{ ...data.input, source: data.source, covered: data.covered }, ...data.others].map((each) => ({
    ...map(each, `${each.source}, map ${each.channel}`),
    source: each.source,
    channel: each.channel,
    covered: each.covered,
  }));
  const [input] = inputs;
  const output = map(data.output, `${data.name}, map ${data.unit[0]}`);
  const terms = make("div", "terms");
  const sum = make("p", "sum");
  const left = make("div", "inputs");
  left.append(...inputs.map((each) => each.panel));
  const cells = data.output.strip?.length ? strip(data, setTriggerValue) : output.panel;
  root.append(left, middle(data, terms, setTriggerValue), cells, result(data, sum));
  const [channel, y, x] = data.unit;

  output.choose = (place) => setTriggerValue("chosen", { follow: false, unit: [channel, ...place] });
  byKeys(output, data, [y, x]);
  for (const each of inputs)
    each.choose = (place) => {
      const all = data.groups.filter((group) => group.source === each.source).flatMap((group) => group.terms);
      const taken = all.find((term) => same(term.unit, [each.channel, ...place]));
      if (taken) setTriggerValue("chosen", { follow: true, source: each.source, unit: taken.unit });
    };
  const show = (unit) => {
    for (const each of inputs) each.frame(each.covered ?? covered(data, unit));
    output.frame([unit[0], unit[1], unit[0] + 1, unit[1] + 1]);
  };
  show([y, x]);
  output.show = show;
  light(data, root, inputs);
  const follow = (unit) => setTriggerValue("chosen", { follow: true, source: data.source, unit });
  const showFirst = () => {
    input.channel = data.input.channel;
    input.paint(data.input.picture);
    input.say(`${data.source}, map ${data.input.channel}`);
  };
  root.stop = data.play ? player(data, root, show, output, terms, sum, follow, showFirst) : () => {};
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
  made.say = (text) => {
    picture.alt = caption.textContent = text;
  };
  made.paint = (uri) => {
    if (uri) picture.src = uri;
  };
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

// Maps of one unit as a strip of cells, each with its name and value; a cell is the unit of its map.
function strip({ name, unit: [current], output }, setTriggerValue) {
  const panel = make("div", "strip");
  panel.setAttribute("role", "group");
  panel.setAttribute("aria-label", `The values of ${name}`);
  const cells = output.strip.map((each, channel) => {
    const cell = make("button");
    cell.type = "button";
    cell.style.cssText = each.style;
    cell.tabIndex = channel === current ? 0 : -1;
    cell.setAttribute("aria-pressed", channel === current);
    cell.append(make("span", "", each.name), make("b", "", each.value));
    cell.onclick = () => setTriggerValue("chosen", { follow: false, unit: [channel, 0, 0] });
    return cell;
  });
  panel.append(...cells);
  oneStop(cells);
  return panel;
}

// Let controls in a line be one tab stop; the arrow keys lead from one to the next.
function oneStop(controls) {
  controls.forEach((each, index) => {
    each.onkeydown = (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.stopPropagation(); // elsewhere on the page these keys choose a row
      event.preventDefault();
      const next = controls[index + by];
      if (!next) return;
      for (const other of controls) other.tabIndex = other === next ? 0 : -1;
      next.focus();
    };
  });
}

function middle(data, terms, setTriggerValue) {
  const panel = make("div", "middle");
  const groups = data.groups.map((group, place) => {
    const made = grid(data, group, (unit) => setTriggerValue("chosen", { follow: true, source: group.source, unit }));
    made.querySelectorAll("button").forEach((cell, n) => Object.assign(cell.dataset, { group: place, term: n }));
    made.dataset.group = place;
    return made;
  });
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
  const rule = make("p", "rule");
  rule.innerHTML = data.symbols;
  panel.append(rule, terms);
  return panel;
}

function result(data, sum) {
  const panel = make("div", "result");
  sum.innerHTML = data.formula;
  panel.append(sum, make("p", "verdict", `Recorded by the network: ${data.recorded}`));
  return panel;
}

function grid(data, group, follow) {
  const box = make("div", "group");
  if (data.groups.length > 1) box.append(make("p", "heading", [group.heading, group.sum].filter(Boolean).join(": ")));
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
      if (term.product) cell.append(make("span", "product", term.product));
      if (group.name) cell.append(make("span", "name", group.name));
      cell.onclick = () => follow(term.unit);
      return cell;
    }),
  );
  box.append(cells);
  return box;
}

// Let each part of the sum show its window, and each term show its part. One part is a tab stop; arrow keys lead on.
function light(data, root, inputs) {
  const parts = [...root.querySelectorAll(".sum button")];
  const [terms] = root.getElementsByClassName("terms");
  const mark = (group, term) => {
    for (const each of root.querySelectorAll("[data-group]")) {
      const belongs = Number(each.dataset.group) === group;
      each.classList.toggle("lit", belongs && (term === undefined || !each.dataset.term || Number(each.dataset.term) === term));
    }
    const { source, channel, picture } = data.groups[group];
    const panel = inputs.find((each) => each.source === source);
    if (!panel || (panel.channel !== channel && !picture)) return;
    panel.channel = channel;
    panel.paint(picture);
    panel.say(`${source}, map ${channel}`);
  };
  const front = (group) => {
    const [shown, more] = terms.querySelectorAll(":scope > .group, :scope > details");
    const wanted = terms.querySelector(`.group[data-group="${group}"]`);
    if (!more || !wanted || wanted === shown) return;
    wanted.replaceWith(shown);
    terms.prepend(wanted);
    const ordered = [...more.querySelectorAll(".group")].sort((a, b) => a.dataset.group - b.dataset.group);
    more.append(...ordered);
  };
  const of = ({ dataset }) => [Number(dataset.group), dataset.term && Number(dataset.term)];
  parts.forEach((part, index) => {
    part.tabIndex = index ? -1 : 0;
    part.onfocus = part.onpointerenter = () => {
      const [group, term] = of(part);
      front(group);
      mark(group, term);
    };
  });
  if (!parts.length) return;
  oneStop(parts);
  for (const cell of root.querySelectorAll(".terms button")) cell.onfocus = cell.onpointerenter = () => mark(...of(cell));
  const first = data.groups.findIndex((group) => group.source === data.source && group.channel === data.input.channel);
  if (first >= 0 && !parts[0].dataset.term) mark(first);
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
      rule: `× ${[0, 1].includes(term.weight) ? term.weight : said(term.weight)}`,
      product: weights ? `= ${said(term.value * term.weight, 4)}` : "",
      counts: term.weight !== 0,
    })),
  };
}

function said(value, digits = 3) {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

// Slide the window over the map and uncover the output step by step. Returns a function that stops it.
function player(data, root, show, output, terms, sum, follow, showFirst) {
  const [still, formula] = [[...terms.childNodes], [...sum.childNodes]];
  const verdict = root.querySelector(".verdict");
  const maps = data.groups.length;
  const count = data.output.height * data.output.width;
  const start = data.unit[1] * data.output.width + data.unit[2];
  const bar = make("div", "player");
  const play = button("Play", () => (timer ? pause() : run()));
  const step = button("Step", () => (pause(), go(place + 1)));
  const back = button("Show all", () => (pause(), reset()));
  const [position, speed] = [range(count - 1, start), range(4, 1)];
  position.className = "position";
  position.setAttribute("aria-label", "Position of the window");
  position.oninput = () => (pause(), go(Number(position.value)));
  const seconds = make("span");
  const named = make("label", "moving", "Speed ");
  named.append(speed, seconds);
  speed.oninput = () => {
    seconds.textContent = ` ${Math.round(takes())} s`;
    speed.setAttribute("aria-valuetext", `${Math.round(takes())} seconds`);
    if (timer) (pause(), run());
  };
  play.className = "moving";
  bar.append(play, step, back, position, named);
  root.append(bar);
  let [timer, place] = [0, -1];
  speed.oninput();
  tell(start);

  // The seconds from the first position with ink to the last one.
  function takes() {
    return Math.min(TAKES, LONGEST * (count - data.play.start)) / 3 ** (speed.value - 1);
  }
  function run() {
    const first = place < 0 || place >= count - 1 ? data.play.start : place + 1;
    const each = (1000 * takes()) / (count - data.play.start);
    const began = performance.now();
    play.textContent = "Pause";
    go(first);
    timer = setInterval(() => {
      if (!root.isConnected || place >= count - 1) return pause();
      const next = Math.min(count - 1, first + Math.floor((performance.now() - began) / each));
      if (next > place) go(next);
    }, Math.max(OFTEN, each / 2));
  }
  function pause() {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
  }
  function tell(at) {
    position.value = at;
    position.setAttribute("aria-valuetext", `y ${Math.floor(at / data.output.width)}, x ${at % data.output.width}`);
  }
  function go(to) {
    if (to >= count) return;
    if (place < 0) showFirst(); // a part of the sum may have shown another input map
    place = to;
    const unit = [Math.floor(place / data.output.width), place % data.output.width];
    tell(place);
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
    tell(start);
    output.cover.getContext("2d").clearRect(0, 0, data.output.width, data.output.height);
    show([Math.floor(start / data.output.width), start % data.output.width]);
    terms.style.minHeight = sum.style.minHeight = "";
    terms.replaceChildren(...still);
    sum.replaceChildren(...formula);
    verdict.textContent = `Recorded by the network: ${data.recorded}`;
  }
  return pause;
}

function range(most, value) {
  const made = make("input");
  Object.assign(made, { type: "range", min: 0, max: most, step: 1, value });
  made.onkeydown = (event) => event.stopPropagation(); // on this page the arrow keys choose a row
  return made;
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
