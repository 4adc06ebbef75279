// A design as a list of layers to edit. An edit is painted here at once and sent as text; Python answers with the
// numbers. One edit is on its way at a time: what changes meanwhile is sent together, when the answer has come.

const PATIENCE = 5000; // milliseconds until an edit without an answer is sent again
const TOGETHER = 1000; // milliseconds within which changes of one setting are undone as one
const LATE = 200; // milliseconds after which old numbers become pale
const [KEPT, MOST] = ["steps of the design", 100]; // what this tab can undo after it was on another page, and how many
const TITLES = {
  number: "",
  what: "layer",
  output: "output",
  parameters: "parameters",
  total: "so far",
  work: "multiply-accumulates",
  size: "field",
};

export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.stop?.();
  const editor = (parentElement.editor ??= build(parentElement));
  editor.send = (edit) => setTriggerValue("edited", edit);
  editor.take(data);
  document.addEventListener("keydown", editor.undoByKeys);
  parentElement.stop = () => document.removeEventListener("keydown", editor.undoByKeys);
  return parentElement.stop;
}

function build(parent) {
  const NOTHING = { layers: [], rows: new Map(), totals: null };
  // `at` is the selected layer, and `anchor` the other end where several are; `numbers` are Python's, of `layers` in
  // them, and `before` are those of the design before.
  const editor = { data: null, layers: [], anchor: 0, at: 0, numbers: NOTHING, before: null, past: [], future: [] };
  let [sequence, sent, unsent, late, timers] = [0, null, false, false, []];
  let [answered, last] = ["", { name: "", time: 0 }];
  const view = draw(parent, editor);

  // The selected layers: the first, and the one after the last.
  editor.range = () => [Math.min(editor.anchor, editor.at), Math.max(editor.anchor, editor.at) + 1];

  editor.select = (at, anchor = at) => {
    const within = (place) => Math.max(0, Math.min(place, editor.layers.length - 1));
    [editor.at, editor.anchor] = [within(at), within(anchor)];
    view.paint();
  };

  // Change the design; changes of the same name in quick succession are undone as one.
  editor.edit = (layers, at, anchor = at, name = "") => {
    const now = performance.now();
    const together = name && name === last.name && now - last.time < TOGETHER;
    last = { name, time: now };
    if (!together) editor.past.push(snapshot());
    editor.future = [];
    become({ layers, at, anchor });
  };

  const snapshot = () => ({ layers: editor.layers, at: editor.at, anchor: editor.anchor });
  const become = ({ layers, at, anchor }) => {
    editor.layers = layers;
    unsent = true;
    ask(); // before it is painted, so that Python works meanwhile
    editor.select(at, anchor);
  };
  const go = (from, to) => {
    if (!from.length) return;
    to.push(snapshot());
    last.name = "";
    become(from.pop());
  };
  const keep = () => {
    const plain = (step) => ({ ...step, layers: forPython(step.layers) });
    const steps = { past: editor.past.slice(-MOST).map(plain), now: plain(snapshot()), future: editor.future.map(plain) };
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(steps));
    } catch {
      return; // without storage it is lost with the page
    }
  };
  const kept = () => {
    try {
      return JSON.parse(sessionStorage.getItem(KEPT));
    } catch {
      return null;
    }
  };
  // A step's layers have the keys that those of the next have, so that what is the same layer stays selected.
  const restore = () => {
    const { past, now, future } = kept() ?? { past: [], future: [] };
    const isOther = now && JSON.stringify(now.layers) !== JSON.stringify(forPython(editor.layers));
    const keyed = (steps) => {
      let layers = editor.layers;
      return steps.reverse().map((step) => ({ ...step, layers: (layers = fromPython(step.layers, layers)) })).reverse();
    };
    editor.past = keyed(isOther ? [...past, now] : past);
    editor.future = isOther ? [] : keyed(future);
  };
  editor.undo = () => go(editor.past, editor.future);
  editor.redo = () => go(editor.future, editor.past);
  editor.undoByKeys = (event) => {
    const key = event.key.toLowerCase();
    const typing = event.composedPath()[0];
    if (!(event.ctrlKey || event.metaKey) || (key !== "z" && key !== "y")) return;
    if (!event.composedPath().includes(parent) && typing.matches?.("input, textarea")) return; // it has its own undo
    event.preventDefault();
    if (key === "y" || event.shiftKey) editor.redo();
    else editor.undo();
  };

  const ask = () => {
    if (sent || !unsent) return;
    [sent, unsent] = [editor.layers, false];
    sequence += 1;
    const edit = { sequence, text: asText(sent, editor.data.head) };
    const send = () => {
      editor.send(edit);
      timers = [setTimeout(() => parent.isConnected && send(), PATIENCE), setTimeout(wait, LATE)];
    };
    const wait = () => {
      late = true;
      view.paint();
    };
    send();
  };

  // Take Python's answer. A design that is not ours came from the address, a menu or the text: it can be undone too.
  editor.take = (data) => {
    const first = editor.data === null;
    editor.data = data;
    if (sent && data.sequence < sequence) return; // it answers an edit before the one on its way
    if (!sent) [sequence] = [data.sequence]; // a server that was started again counts from 0
    timers.forEach(clearTimeout);
    let layers = sent ?? editor.layers;
    const design = JSON.stringify(data.layers);
    if (JSON.stringify(forPython(layers)) !== design) {
      layers = fromPython(data.layers, layers);
      if (!first) editor.past.push(snapshot());
      [editor.layers, editor.future, unsent] = [layers, [], false];
    }
    if (design !== answered && !first) editor.before = editor.numbers;
    answered = design;
    const rows = new Map(layers.map(({ key }, place) => [key, data.rows[place]]));
    editor.numbers = { layers, rows, totals: data.totals };
    [sent, late] = [null, false];
    if (first) restore();
    keep();
    editor.select(editor.at, editor.anchor);
    ask();
  };

  // From which layer on the numbers are those of an older design; they become pale when the answer is late.
  editor.stale = () => {
    const { layers } = editor.numbers;
    const place = late ? editor.layers.findIndex((each, at) => each !== layers[at]) : -1;
    return place < 0 ? Infinity : place;
  };
  editor.waits = () => late;
  return editor;
}

// All that is on the screen: it is built once, and painted after each change.
function draw(parent, editor) {
  const totals = make("dl", "totals");
  const limits = make("ul", "limits");
  const list = make("div", "layers");
  const nothing = make("p", "nothing", "No layer yet. Add a block, or begin with a design that comes along.");
  const verdict = make("p", "verdict");
  const status = make("p", "unseen");
  const head = make("div", "head");
  const rows = new Map();
  const actions = { remove, duplicate, move, focus, choose };
  const [tools, inspector] = [toolbox(editor, add), fieldsOf(editor, actions)];
  status.setAttribute("role", "status");
  limits.setAttribute("aria-label", "Limits");
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", "Layers. The arrow keys choose one; with Alt they move it. Delete removes it.");
  for (const [name, title] of Object.entries(TITLES)) head.append(make("span", name, title));
  head.setAttribute("aria-hidden", "true"); // each row says these words
  list.append(verdict); // below the last row
  const top = make("div", "top");
  top.append(head, tools.history);
  parent.append(totals, limits, tools.element, top, list, nothing, status);

  function focus() {
    rows.get(editor.layers[editor.at]?.key)?.button.focus();
  }
  function choose(key, extend, setting) {
    const at = editor.layers.findIndex((each) => each.key === key);
    editor.select(at, extend ? editor.anchor : at);
    if (setting) inspector.focus(setting);
  }
  function add(given) {
    const at = editor.layers.length ? editor.range()[1] : 0;
    const added = given.map(layerOf);
    const earlier = editor.layers[Math.max(0, at - 2)]?.key ?? IMAGE;
    for (const each of added) if (kindOf(editor, each).joins) each.source = earlier;
    editor.edit(withLayers(editor.layers, at, added), at + added.length - 1);
    focus();
  }
  function remove() {
    const [from, to] = editor.range();
    if (!editor.layers.length) return;
    editor.edit(withoutLayers(editor.layers, from, to), Math.min(from, editor.layers.length - (to - from) - 1));
    focus();
  }
  function duplicate() {
    const [from, to] = editor.range();
    editor.edit(withCopies(editor.layers, from, to), 2 * to - from - 1, to);
    focus();
  }
  function move(by) {
    const [from, to] = editor.range();
    const target = from + by;
    if (target < 0 || target + to - from > editor.layers.length) return;
    const name = `move ${editor.layers[from].key}`;
    editor.edit(withMoved(editor.layers, from, to, target), editor.at + by, editor.anchor + by, name);
    focus();
  }

  const step = (by) => () => inspector.stepFirst(by);
  const keys = { Delete: remove, Backspace: remove, d: duplicate, "+": step(1), "-": step(-1) };
  list.onkeydown = (event) => {
    if (!event.target.matches(".row")) return;
    const way = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    const act = event.ctrlKey || event.metaKey ? undefined : keys[event.key];
    if (!way && !act) return;
    event.stopPropagation(); // elsewhere on the page these keys choose a step
    event.preventDefault();
    if (act) act();
    else if (event.altKey) move(Math.sign(way));
    else {
      editor.select(editor.at + way, event.shiftKey ? editor.anchor : undefined);
      focus();
    }
  };

  function paint() {
    const { data, layers, numbers } = editor;
    if (!data) return;
    const focused = parent.getRootNode().activeElement;
    for (const [key, row] of rows) {
      if (layers.some((each) => each.key === key)) continue;
      row.item.remove();
      rows.delete(key);
    }
    const [from, to] = editor.range();
    const [stale, waits] = [editor.stale(), editor.waits()];
    const near = data.near ? Math.max(0, Math.min(editor.at - Math.floor(data.near / 2), layers.length - data.near)) : 0;
    layers.forEach((layer, place) => {
      if (!rows.has(layer.key)) rows.set(layer.key, rowOf(layer.key, editor, list, rows, actions));
      const row = rows.get(layer.key);
      if (list.children[place] !== row.item) list.insertBefore(row.item, list.children[place]);
      fill(row, editor, layer, place, place >= stale);
      const far = data.near > 0 && (place < near || place >= near + data.near);
      show(row.button, { selected: place >= from && place < to, far }, place === editor.at);
    });
    const chosen = rows.get(layers[editor.at]?.key);
    if (!chosen) inspector.element.remove();
    else if (inspector.element.parentElement !== chosen.item) chosen.item.append(inspector.element);
    if (chosen) inspector.paint(layers[editor.at], numbers.rows.get(layers[editor.at].key));
    [head.hidden, nothing.hidden] = [!layers.length, layers.length > 0];
    fillTotals(totals, editor, waits);
    fillLimits(limits, data.limits, waits);
    tools.paint();
    set(verdict, data.problem ? `${data.problem.sentence} ${data.problem.fits}` : "");
    verdict.hidden = !data.problem || waits || !layers.length;
    set(status, waits ? "" : data.says);
    // A row that had the focus hands it to the selected one, so that the next key acts on what is marked.
    const next = focused?.matches(".row") ? chosen?.button : focused;
    if (next?.isConnected && parent.getRootNode().activeElement !== next) next.focus(); // it was moved
  }
  return { paint };
}

function show(row, classes, current) {
  if (!isNew(row, [classes, current])) return;
  for (const [name, is] of Object.entries(classes)) row.classList.toggle(name, is);
  row.tabIndex = current ? 0 : -1;
  row.setAttribute("aria-current", current);
}

function fillTotals(list, { data, before }, waits) {
  list.classList.toggle("waiting", waits);
  const old = before?.totals ?? [];
  if (!isNew(list, [data.totals, old])) return;
  list.replaceChildren(...data.totals.map(({ name, text, value }, place) => {
    const was = old[place];
    const changed = was && was.text !== text;
    const said = value === null ? `was ${was?.text}` : difference(value - was?.value);
    const one = make("div");
    one.append(make("dt", "", name), make("dd", "", text), make("dd", "change", changed ? said : ""));
    return one;
  }));
}

function fillLimits(list, limits, waits) {
  list.classList.toggle("waiting", waits);
  if (!isNew(list, limits)) return;
  list.replaceChildren(...limits.map(({ name, holds, evidence }) => {
    const verdict = holds === null ? "not known" : holds ? "holds" : "fails";
    const each = make("li", verdict.replace(" ", "-"), name);
    each.append(make("span", "unseen", `: ${verdict}. ${evidence}`));
    each.dataset.says = evidence;
    return each;
  }));
}

function kindOf(editor, { kind }) {
  return editor.data.kinds.find((each) => each.name === kind);
}

function difference(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toLocaleString("en")}`;
}

// Whether an element was not yet drawn from these values: what is the same is not drawn again.
const drawn = new WeakMap();
function isNew(element, values) {
  const text = JSON.stringify(values);
  const is = drawn.get(element) !== text;
  drawn.set(element, text);
  return is;
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function button(text, onclick) {
  const made = make("button", "", text);
  made.type = "button";
  made.onclick = onclick;
  return made;
}
