// The settings of the selected layer as fields, what it sees, and the buttons that add, move and remove layers.

const DIGITS = 4; // of a number that is typed, at most

function fieldsOf(editor, { remove, duplicate, move, focus }) {
  const element = make("div", "inspector");
  const title = make("h3");
  const [fields, rare] = [make("div", "fields"), make("details")];
  rare.append(make("summary", "", "More settings"), make("div", "fields"));
  const wrong = make("p", "wrong");
  const sight = make("div", "sight");
  const box = sight.appendChild(make("i"));
  const facts = make("dl", "facts");
  const worked = make("details");
  worked.append(make("summary", "", "The arithmetic"), make("dl", "worked"));
  const notes = make("ul", "notes");
  const bar = make("div", "bar");
  const buttons = [
    ["↑", "Move up", "Alt and the arrow key", () => move(-1)],
    ["↓", "Move down", "Alt and the arrow key", () => move(1)],
    ["Duplicate", "Duplicate", "D", duplicate],
    ["Remove", "Remove", "Delete", remove],
  ].map(([text, name, key, act]) => {
    const made = button(text, act);
    made.setAttribute("aria-label", name);
    made.dataset.says = `${name}: ${key}`;
    return made;
  });
  element.setAttribute("role", "group");
  wrong.setAttribute("role", "alert");
  bar.append(...buttons);
  element.append(title, fields, rare, wrong, bar, notes, sight, facts, worked);
  element.onkeydown = (event) => {
    if (event.key === "Escape") focus();
    event.stopPropagation(); // letters and arrow keys mean something else on the page
    editor.undoByKeys(event);
  };
  let [shown, inputs] = ["", new Map()];

  const layer = () => editor.layers[editor.at];
  const change = (values, name) => {
    const { layers, at } = editor;
    editor.edit(withChange(layers, at, values), at, at, `${name} ${layers[at].key}`);
  };
  const setValue = (setting, text) => {
    const problem = problemOf(setting, text);
    set(wrong, problem);
    inputs.get(setting.name).setAttribute("aria-invalid", Boolean(problem));
    const value = text.trim();
    if (!problem && value !== layer().values[setting.name]) {
      change({ values: { ...layer().values, [setting.name]: value } }, setting.name);
    }
  };
  const step = (setting, by) => setValue(setting, stepped(setting, layer().values[setting.name], by));

  function field(setting) {
    const label = make("label", setting.form);
    if (setting.form === "flag") {
      const box = make("input");
      box.type = "checkbox";
      box.onchange = () => setValue(setting, box.checked ? "yes" : "no");
      label.append(box, setting.label);
      return [label, box];
    }
    const input = make("input");
    const inputMode = setting.form === "number" ? "decimal" : "text";
    Object.assign(input, { type: "text", inputMode, autocomplete: "off", spellcheck: false });
    if (setting.optional.includes("")) input.placeholder = "as size";
    input.oninput = () => setValue(setting, input.value);
    input.onblur = () => {
      input.value = layer()?.values[setting.name] ?? "";
      set(wrong, "");
      input.removeAttribute("aria-invalid");
    };
    input.onkeydown = (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1, PageUp: 8, PageDown: -8 }[event.key];
      if (!by) return;
      event.preventDefault();
      step(setting, by);
    };
    const [less, more] = [["−", -1], ["+", 1]].map(([sign, by]) => {
      const made = make("span", "step", sign); // the arrow keys do the same in the field
      made.setAttribute("aria-hidden", "true");
      made.onclick = (event) => {
        event.preventDefault(); // the field would take the focus, and a phone would show its keys
        step(setting, by);
      };
      return made;
    });
    label.append(make("span", "name", setting.label), less, input, more);
    return [label, input];
  }

  function sourceField(kind) {
    const [label, list] = [make("label", "source"), make("select")];
    list.onchange = () => change({ source: list.value }, "source");
    label.append(make("span", "name", kind.joins ? "With" : "Reads from"), list);
    return [label, list];
  }

  function fillSources(list, kind) {
    const earlier = editor.layers.slice(0, editor.at);
    const named = earlier.map((each, place) => [each.key, `${place + 1} ${kindOf(editor, each).title}`]);
    const none = kind.joins ? [["", "choose a layer"]].slice(layer().source ? 1 : 0) : [["", "the layer before"]];
    const options = [...none, [IMAGE, "the image"], ...named];
    if (isNew(list, options)) {
      list.replaceChildren(...options.map(([value, text]) => Object.assign(make("option", "", text), { value })));
    }
    list.value = layer().source;
  }

  function paint(now, row) {
    const kind = kindOf(editor, now);
    if (shown !== `${now.key} ${now.kind}`) {
      shown = `${now.key} ${now.kind}`;
      const made = kind.settings.map((setting) => [setting.name, ...field(setting)]);
      made.push(["source", ...sourceField(kind)]);
      inputs = new Map(made.map(([name, , input]) => [name, input]));
      const often = made.filter(([name]) => isOften(kind, name));
      fields.replaceChildren(...often.map(([, label]) => label));
      rare.lastChild.replaceChildren(...made.filter((each) => !often.includes(each)).map(([, label]) => label));
      rare.hidden = often.length === made.length;
      rare.open = made.some(([name]) => !isOften(kind, name) && !isUsual(kind, now, name));
      set(wrong, "");
    }
    const [from, to] = editor.range();
    set(title, to - from > 1 ? `Layers ${from + 1} to ${to}` : `${editor.at + 1} ${kind.title}`);
    element.setAttribute("aria-label", title.textContent);
    element.style.setProperty("--kind", kind.colour);
    for (const { name, form } of kind.settings) {
      const input = inputs.get(name);
      if (form === "flag") input.checked = now.values[name] === "yes";
      else if (input.getAttribute("aria-invalid") !== "true") input.value = now.values[name];
    }
    fillSources(inputs.get("source"), kind);
    buttons[0].disabled = from === 0;
    buttons[1].disabled = to === editor.layers.length;
    sight.hidden = !row?.box;
    frame(sight, box, editor.data, row?.box);
    if (!isNew(facts, row)) return;
    const pairs = (lines) => (lines ?? []).flatMap(([name, text]) => [make("dt", "", name), make("dd", "", text)]);
    facts.replaceChildren(...pairs(row?.facts));
    worked.lastChild.replaceChildren(...pairs(row?.worked));
    worked.hidden = !row?.worked.length;
    notes.replaceChildren(...(row?.marks ?? []).map((each) => make("li", "", each)));
  }

  return {
    element,
    paint,
    focus: (name) => {
      if (rare.contains(inputs.get(name))) rare.open = true;
      inputs.get(name)?.focus();
      inputs.get(name)?.select?.();
    },
    stepFirst: (by) => {
      const [first] = layer() ? kindOf(editor, layer()).settings : [];
      if (first && first.form !== "flag") step(first, by);
    },
  };
}

const OFTEN = ["stride", "padding"]; // and each that a layer always has

function isOften({ settings, joins }, name) {
  return name === "source" ? joins : OFTEN.includes(name) || settings.find((each) => each.name === name).bare;
}

function isUsual({ settings }, { values, source }, name) {
  return name === "source" ? !source : values[name] === settings.find((each) => each.name === name).value;
}

// A value one step on: both sides of a pair change.
function stepped({ form, low, high, step }, text, by) {
  const near = (value) => Math.max(low, Math.min(high, value));
  if (form === "number") return String(Number(near(Number(text) + by * step).toFixed(4)));
  const sides = text.split("x").map((each) => (/^[0-9]+$/.test(each) ? near(Number(each) + by * step) : low));
  return sides.join("x");
}

// Why a text is no value of a setting, or nothing.
function problemOf({ form, label, low, high, optional }, text) {
  const bare = text.trim();
  const within = (each) => Number(each) >= low && Number(each) <= high;
  const whole = (each) => new RegExp(`^[0-9]{1,${DIGITS}}$`).test(each) && within(each);
  if (form === "flag" || optional.includes(bare)) return "";
  const sides = bare.split("x");
  const pair = form !== "whole" && form !== "number";
  const right = form === "number" ? /^[0-9]*\.?[0-9]+$/.test(bare) && within(bare) : sides.every(whole);
  if (right && sides.length <= (pair ? 2 : 1)) return "";
  const words = [...(pair ? ["two such as 3x1"] : []), ...optional.filter(Boolean)];
  const number = form === "number" ? "a number" : "a whole number";
  return `${label} is ${[`${number} from ${low} to ${high}`, ...words].join(", or ")}.`;
}

// Let buttons in a line be one tab stop; the arrow keys lead from one to the next.
function oneStop(buttons) {
  buttons.forEach((each, place) => {
    each.tabIndex = place ? -1 : 0;
    each.onkeydown = (event) => {
      const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!way) return;
      event.stopPropagation(); // elsewhere on the page these keys choose a step
      event.preventDefault();
      const next = buttons[place + way];
      if (!next) return;
      [each.tabIndex, next.tabIndex] = [-1, 0];
      next.focus();
    };
  });
}

// Undo, redo, and a button for each common kind; all others are in a list.
function toolbox(editor, add) {
  const element = make("div", "tools");
  const [undo, redo] = [button("Undo", () => editor.undo()), button("Redo", () => editor.redo())];
  undo.dataset.says = "Undo: Ctrl Z";
  redo.dataset.says = "Redo: Ctrl Shift Z";
  const label = make("span", "label", "Add");
  const palette = make("div", "palette");
  palette.setAttribute("role", "toolbar");
  palette.setAttribute("aria-label", "Add below the selected layer");
  const others = make("select");
  others.setAttribute("aria-label", "Add another kind of layer");
  label.setAttribute("aria-hidden", "true");
  const history = make("div", "history");
  history.append(undo, redo);
  element.append(label, palette, others);

  function fillPalette({ block, kinds, common }) {
    const chip = (name, layers, colour) => {
      const made = button(name, () => add(layers));
      made.style.setProperty("--kind", colour);
      made.className = "chip";
      return made;
    };
    const usual = ({ name, settings }) => {
      const values = Object.fromEntries(settings.map((each) => [each.name, each.value]));
      return { kind: name, values };
    };
    const known = kinds.filter(({ name }) => common.includes(name));
    const blockChip = chip("Block", block, kinds[0].colour);
    blockChip.dataset.says = "Convolution, ReLU, batch norm and dropout";
    const groups = Map.groupBy(kinds.filter(({ name }) => !common.includes(name)), ({ group }) => group);
    others.append(Object.assign(make("option", "", "More kinds"), { value: "" }));
    for (const [group, members] of groups) {
      const made = Object.assign(make("optgroup"), { label: group });
      made.append(...members.map(({ name, title }) => Object.assign(make("option", "", title), { value: name })));
      others.append(made);
    }
    others.onchange = () => {
      const chosen = kinds.find(({ name }) => name === others.value);
      others.value = "";
      if (chosen) add([usual(chosen)]);
    };
    palette.append(blockChip, ...known.map((each) => chip(each.title, [usual(each)], each.colour)));
    oneStop([...palette.children]);
  }

  const paint = () => {
    if (!palette.children.length) fillPalette(editor.data);
    undo.disabled = !editor.past.length;
    redo.disabled = !editor.future.length;
  };
  return { element, history, paint };
}
