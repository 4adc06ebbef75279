// The walkthrough: shows the overview or one step, and one unit of it worked out. The address says which, after "#":
// Conv2d-7.3.0.12 is unit y 0, x 12 of map 3; units before it, with "~" between, are the trail that led to it.
// The components are those of the app. Here each gets what Streamlit gives it there: data, a place, and a way to answer.

const PER_PAGE = 64; // maps that are shown at a time
const LABELLED = 11; // units a side up to which a map shows its numbers; as in viz/pictures/readable.py
const SIGNS = { add: "+", subtract: "−", multiply: "×" }; // of function calls, which have no number
const TYPES = { float32: Float32Array, float64: Float64Array, int32: Int32Array };
const LACKS = {
  values: "Its maps and values are left out, so that this file stays below 5 MB.",
  weights: "Its weights are left out, so that this file stays below 5 MB. Its units are not worked out here.",
  inputs: "The values that it takes are left out, so that this file stays below 5 MB. Its units are not worked out here.",
};
const place = (id) => document.getElementById(id);

// ---- what the file carries

// Read what viz/walkthrough/payload.py wrote: the length of a head in JSON, the head, and the arrays.
async function unpack(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const buffer = await new Response(stream).arrayBuffer();
  const start = 4 + new DataView(buffer).getUint32(0, true);
  const head = new TextDecoder().decode(new Uint8Array(buffer, 4, start - 4));
  const content = JSON.parse(head, (_key, value) =>
    value?.array in TYPES ? new TYPES[value.array](buffer, start + value.begin, value.length) : value,
  );
  content.named = new Map([content.image, ...content.steps].map((step) => [step.name, step]));
  return content;
}

// ---- the components

function mount(id, component, data, events = {}) {
  const host = place(id);
  if (!host.shadowRoot) {
    const style = Object.assign(document.createElement("style"), { textContent: COMPONENTS[component].style });
    host.attachShadow({ mode: "open" }).append(style, document.createElement("div"));
  }
  const setTriggerValue = (event, value) => events[event]?.(value);
  COMPONENTS[component].run({ data, parentElement: host.shadowRoot.lastChild, setTriggerValue });
}

// ---- the address

const codeOf = ({ name, unit }) => encodeURIComponent([name, ...unit].join("."));
const addressOf = (units) => `#${units.map(codeOf).join("~")}`;

function go(units, instead = false) {
  if (!instead) return void (location.hash = addressOf(units));
  history.replaceState(null, "", addressOf(units));
  show();
}

// The units that the address names. A step without a unit, or with one that it has not, shows its largest value.
function units(content) {
  return location.hash.slice(1).split("~").flatMap((text) => {
    const code = decoded(text);
    const [, name, ...places] = code.match(/^(.*)\.(\d{1,6})\.(\d{1,6})\.(\d{1,6})$/s) ?? [null, code];
    const step = content.named.get(code) ?? content.named.get(name);
    if (!step) return [];
    const unit = places.map(Number);
    const fits = step.name !== code && unit.every((value, axis) => value < step.maps[axis]);
    return [{ name: step.name, unit: fits ? unit : largest(step) }];
  });
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return ""; // no text at all
  }
}

function largest({ values, maps }) {
  if (!values) return [0, 0, 0];
  return unitAt(values.reduce((most, value, at) => (value > values[most] ? at : most), 0), maps);
}

// ---- the overview

function showOverview(content) {
  const columns = content.columns.map((lanes) => lanes.map((lane) => lane.map((tile) => ({ ...tile, href: `#${encodeURIComponent(tile.opens)}` }))));
  const opens = new Map(columns.flat(2).map((tile) => [tile.name, tile.href]));
  mount("network", "network_picture", { digit: "", columns }, { opened: (name) => (location.hash = opens.get(name)) });
  if (content.growing) mount("growth", "growth_player", content.growing);
}

// ---- one step

let firstMap; // the first of the maps that are shown, where there are many

function showStep(content, trail) {
  const { name, unit } = trail.at(-1);
  const step = content.named.get(name);
  const channel = unit[0];
  place("name").textContent = step.kind ? `${name}: ${step.kind}` : `The pixels of the ${content.word}`;
  place("about").textContent = step.about ?? "They are normalised before they enter the network. The arithmetic of every unit begins here.";
  place("lacks").textContent = LACKS[step.lacks] ?? "";
  place("shape").innerHTML = step.worked ?? "";
  place("asked").innerHTML = step.asked ?? "";
  place("questions").hidden = !step.asked;
  place("arithmetic").hidden = !step.worked;
  showRows(content, step);
  place("maps").hidden = !step.values;
  if (step.values) showMaps(step, channel);
  place("worked").hidden = !step.kind || Boolean(step.lacks);
  if (!place("worked").hidden) showUnit(content, step, unit, trail);
  showField(content, step, unit);
}

function showRows(content, step) {
  const main = content.steps.filter((each) => each.main);
  const items = main.map((each) => ({
    text: each.number || SIGNS[each.kind] || "ƒ",
    title: `${each.number ? `Row ${each.number}: ` : ""}${each.name}`,
    href: `#${encodeURIComponent(each.name)}`,
    colour: each.colour,
    current: each === step,
  }));
  mount("rows", "steps", { label: "The rows", items, wordy: false }, { opened: (at) => (location.hash = items[at].href) });
}

function showMaps(step, channel) {
  const count = step.maps[0];
  firstMap = Math.floor(channel / PER_PAGE) * PER_PAGE;
  const shown = step.grid.tiles.slice(firstMap, firstMap + PER_PAGE);
  const tiles = shown.map((tile, at) => ({ ...tile, picture: step.pictures[firstMap + at] }));
  const columns = count > PER_PAGE ? 8 : step.grid.columns;
  const label = `The maps of ${step.name}`;
  const chosen = (at) => go([{ name: step.name, unit: strongest(step, firstMap + at) }], true);
  mount("grid", "map_grid", { ...step.grid, tiles, columns, label, selected: channel - firstMap }, { chosen });
  place("all").textContent = count === 1 ? "Its map" : `All ${count.toLocaleString("en-US")} maps`;
  place("pages").hidden = count <= PER_PAGE;
  place("pages").querySelector("span").textContent = `${firstMap + 1} to ${firstMap + tiles.length} of ${count}`;
  place("back").disabled = !firstMap;
  place("more").disabled = firstMap + PER_PAGE >= count;
  place("back").onclick = () => chosen(-PER_PAGE);
  place("more").onclick = () => chosen(PER_PAGE);
  place("one").textContent = `Map ${channel}`;
  mount("large", "value_map", { ...large(step, channel), label: `Map ${channel} of ${step.name}.` });
}

// The unit of a map with the largest value.
function strongest(step, channel) {
  const values = valuesOf(step, channel);
  const at = values.reduce((most, value, place) => (value > values[most] ? place : most), 0);
  return [channel, ...unitAt(at, step.maps).slice(1)];
}

// What the component "value_map" shows of one map: the same as viz/pictures/readable.large.
function large(step, channel) {
  const [, height, width] = step.maps;
  const values = valuesOf(step, channel);
  const isPrinted = Math.max(height, width) <= LABELLED;
  return {
    picture: step.pictures[channel],
    size: [height, width],
    square: [height, width],
    corners: [[0, 0]],
    values: values.map((value) => fixed(value, 4)),
    printed: isPrinted ? values.map((value) => fixed(value, values.length === 1 ? 3 : 1)) : [],
    inks: isPrinted ? values.map((value) => ink(step.range, value)) : [],
    scale: step.grid.scale,
  };
}

// Black or white, whichever can be read on the colour of a value; in single precision, as the colours are chosen.
function ink({ low, high }, value) {
  const share = Math.fround(Math.fround(value - Math.fround(low)) / Math.fround(high - low));
  const at = Math.round(clamp(share, 0, 1) * 255);
  return walkthrough.content.inks[low < 0][at] === "1" ? walkthrough.content.colours.black : walkthrough.content.colours.white;
}

function showUnit(content, step, unit, trail) {
  const data = prepare(content, step, unit);
  const follow = (chosen) => [...trail, { name: chosen.source, unit: chosen.unit }];
  const chosen = (to) => (to.follow && content.named.get(to.source).values ? go(follow(to)) : go([{ name: step.name, unit: to.unit }], true));
  mount("workings", "workings", data, { chosen });
  const isVector = step.maps[1] * step.maps[2] === 1;
  const [channel, y, x] = unit;
  const value = number(step.values[indexOf(unit, step.maps)]);
  place("unit").textContent = isVector ? `Unit ${channel}: ${value}` : `Unit y ${y}, x ${x} of map ${channel}: ${value}`;
  const count = data.groups.length && explain(content, step, unit).terms.length;
  const sources = [...new Set(step.inputs)].join(" and ");
  place("said").textContent = step.recipe
    ? `Counted from 0. Its input is ${count.toLocaleString("en-US")} ${count === 1 ? "unit" : "units"} of ${sources || "no step"}. Choose a number to go to its unit, or a place on the right map for another unit. Numbers are rounded on screen only.`
    : "This operation is not worked out term by term. The value is the one that the network computed.";
  showTrail(content, trail);
}

function showTrail(content, trail) {
  place("trail").hidden = trail.length < 2;
  const items = trail.map(({ name, unit }, at) => {
    const step = content.named.get(name);
    const value = step.values ? number(step.values[indexOf(unit, step.maps)]) : "";
    const title = `${name}, map ${unit[0]}, y ${unit[1]}, x ${unit[2]}`;
    return { text: `${name} ${value}`, title, href: addressOf(trail.slice(0, at + 1)), colour: step.colour ?? "gray", current: at === trail.length - 1 };
  });
  const opened = (at) => (location.hash = items[at].href);
  if (items.length > 1) mount("trail", "steps", { label: "Trail to this unit", items, wordy: true }, { opened });
}

function showField(content, step, [, y, x]) {
  const field = step.kind ? step.field : { rows: [], columns: [] };
  const [high, wide] = content.picture;
  const [top, bottom] = field.rows?.[y] ?? [y, y + 1]; // a pixel sees itself
  const [left, right] = field.columns?.[x] ?? [x, x + 1];
  const frame = place("seen").querySelector(".field i");
  frame.parentElement.hidden = typeof field === "string";
  if (typeof field === "string") return void (place("sees").textContent = field);
  const [above, before] = [Math.max(top, 0), Math.max(left, 0)];
  const share = (length, whole) => `${(100 * Math.max(0, length)) / whole}%`;
  Object.assign(frame.style, { top: share(above, high), left: share(before, wide) });
  Object.assign(frame.style, { height: share(Math.min(bottom, high) - above, high), width: share(Math.min(right, wide) - before, wide) });
  const outside = top < 0 || left < 0 || bottom > high || right > wide ? " Beyond the border of the picture is padding." : "";
  place("sees").textContent = `This unit sees ${bottom - top} × ${right - left} pixels: rows ${top} to ${bottom - 1}, columns ${left} to ${right - 1}.${outside}`;
}

// ---- the page

let last; // the step that was shown before

function show() {
  const { content } = walkthrough;
  const trail = units(content);
  const { name } = trail.at(-1) ?? {};
  place("overview").hidden = Boolean(name);
  place("step").hidden = !name;
  place("choose").value = name ?? "";
  const names = [undefined, ...content.named.keys()];
  const at = names.indexOf(name);
  for (const [id, to] of [["previous", at - 1], ["next", at + 1]]) {
    place(id).disabled = to < 0 || to >= names.length;
    place(id).onclick = () => (location.hash = encodeURIComponent(names[to] ?? ""));
  }
  if (name) showStep(content, trail);
  if (name && name !== last && last !== null && !place("name").contains(document.activeElement)) {
    scrollTo(0, 0);
    if (!document.activeElement?.closest("nav")) place("name").focus({ preventScroll: true }); // for screen readers
  }
  last = name;
}

function choices(content) {
  const option = (value, text) => Object.assign(document.createElement("option"), { value, textContent: text });
  const steps = [...content.named.values()].map(({ name, kind }) => option(name, kind ? `${name} · ${kind}` : "the pixels"));
  place("choose").replaceChildren(option("", "Overview"), ...steps);
  place("choose").onchange = ({ target }) => (location.hash = encodeURIComponent(target.value));
}

// The left and right arrow keys go from step to step, where nothing else needs them.
function byKeys(event) {
  const id = { ArrowLeft: "previous", ArrowRight: "next" }[event.key];
  if (!id || event.altKey || event.ctrlKey || event.metaKey || event.target.closest("select, input")) return;
  event.preventDefault();
  place(id).click();
}

const walkthrough = { unpack, prepare, explain, large, content: null };
globalThis.walkthrough = walkthrough; // for the console, and for tests

async function begin() {
  if (!("DecompressionStream" in globalThis)) return void (place("trouble").textContent = "This file needs a newer browser: one from 2023 or later.");
  walkthrough.content = await unpack(place("content").textContent);
  choices(walkthrough.content);
  showOverview(walkthrough.content);
  COMPONENTS.readout.run({ parentElement: document.createElement("div") });
  last = null; // the first view does not take the focus
  show();
  addEventListener("hashchange", show);
  addEventListener("keydown", byKeys);
  place("trouble").remove();
  document.body.dataset.testScriptState = "notRunning"; // for tests: all is shown
}
begin();
