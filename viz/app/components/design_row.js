// One row of the editor: what its layer is, and Python's numbers. A row can be dragged to another place.

const PARTS = ["number", "what", "output", "parameters", "total", "work", "sight", "size"];
const STILL = 5; // pixels that a press may move and is a click still

function rowOf(key, editor, list, rows, { choose, focus }) {
  const [item, row, parts, said] = [make("div", "item"), button(""), {}, make("p", "said")];
  row.className = "row";
  row.append((parts.grip = make("i", "grip")));
  for (const name of PARTS) row.append((parts[name] = make("span", name)));
  for (const name of ["kind", "words", "tag"]) parts.what.append((parts[name] = make("span", name)), " ");
  parts.share = parts.parameters.appendChild(make("i"));
  parts.change = parts.parameters.appendChild(make("small"));
  parts.count = parts.parameters.appendChild(make("b"));
  parts.box = parts.sight.appendChild(make("i"));
  item.append(row, said);
  let dragged = false;
  row.onpointerdown = (event) => {
    dragged = false;
    if (event.button === 0 && (event.pointerType === "mouse" || event.target === parts.grip)) {
      drag(event, key, editor, list, rows, focus, () => (dragged = true));
    }
  };
  row.onclick = (event) => {
    if (!dragged) choose(key, event.shiftKey, event.target.closest("[data-setting]")?.dataset.setting);
  };
  return { item, button: row, parts, said };
}

// Follow the pointer: the list shows where the row, or the selected rows with it, would be dropped.
function drag(press, key, editor, list, rows, focus, onDrag) {
  const place = editor.layers.findIndex((each) => each.key === key);
  const [low, high] = editor.range();
  const [from, to] = place >= low && place < high ? [low, high] : [place, place + 1];
  const lifted = editor.layers.slice(from, to).map((each) => rows.get(each.key));
  const others = editor.layers.toSpliced(from, to - from).map((each) => rows.get(each.key));
  const middle = ({ button }) => button.getBoundingClientRect().top + button.offsetHeight / 2;
  let [target, moved] = [from, false];
  list.onpointermove = ({ clientY, pointerId }) => {
    if (!moved && Math.abs(clientY - press.clientY) < STILL) return;
    if (!moved) list.setPointerCapture(pointerId); // not before: a click would be the list's
    if (!moved) onDrag();
    moved = true;
    target = others.filter((each) => middle(each) < clientY).length;
    for (const { item, button } of lifted) {
      button.classList.add("lifted");
      list.insertBefore(item, others[target]?.item ?? list.lastChild);
    }
  };
  const end = (dropped) => {
    list.onpointermove = list.onpointerup = list.onpointercancel = null;
    lifted.forEach(({ button }) => button.classList.remove("lifted"));
    if (!moved) return;
    if (!dropped || target === from) editor.select(editor.at, editor.anchor); // paints it where it was
    else editor.edit(withMoved(editor.layers, from, to, target), target + to - from - 1, target);
    focus();
  };
  list.onpointerup = () => end(true);
  list.onpointercancel = () => end(false);
}

// Write a layer and its numbers into its row. Numbers of an older design are pale until the answer comes.
function fill({ button: row, parts, said }, editor, layer, place, stale) {
  const { data, numbers, before } = editor;
  const kind = kindOf(editor, layer);
  const now = numbers.rows.get(layer.key);
  const old = before?.rows.get(layer.key);
  const values = [layer.values, layer.source && saySource(editor, layer), place, stale, now, old, data.most, data.picture];
  if (!isNew(said, [...values, before !== null])) return;
  const differs = (name) => Boolean(now && old) && !stale && now[name] !== old[name];
  row.style.setProperty("--kind", kind.colour);
  row.classList.toggle("stale", stale);
  row.classList.toggle("light", Boolean(now) && !now.parameters && kind.plain);
  row.classList.toggle("fails", Boolean(now?.problem) && !stale);
  set(parts.tag, stale ? "" : (now?.tag ?? ""));
  set(parts.number, String(place + 1));
  set(parts.kind, kind.title);
  words(parts.words, editor, layer, kind);
  set(parts.output, now?.output ?? "");
  parts.output.classList.toggle("changed", differs("output"));
  const count = now?.output ? now.parameters.toLocaleString("en") : "";
  set(parts.count, count);
  const added = now?.output && before ? now.parameters - (old?.parameters ?? 0) : 0;
  set(parts.change, added && !stale ? `${difference(added)} ` : "");
  parts.share.style.setProperty("--share", now && data.most ? now.parameters / data.most : 0);
  set(parts.total, now?.total ?? "");
  set(parts.work, now?.work ?? "");
  set(parts.size, now?.size ?? "");
  parts.size.classList.toggle("changed", differs("size"));
  frame(parts.sight, parts.box, data, now?.grows ? now.box : null);
  row.classList.toggle("free", now?.parameters === 0);
  const problem = stale ? undefined : now?.problem;
  set(said, problem ? `${problem.sentence} ${problem.fits}` : "");
  said.hidden = !problem;
  const figures = now?.output ? `Output ${now.output}, ${count} parameters, field ${now.size || "none"}.` : "";
  const name = `Layer ${place + 1}: ${kind.title} ${parts.words.textContent}.`;
  row.setAttribute("aria-label", [name, figures, parts.tag.textContent, said.textContent].filter(Boolean).join(" "));
}

// Show on the picture what the middle unit of a layer sees; what lies outside the picture is cut.
function frame(sight, box, { picture, image }, place) {
  sight.style.backgroundImage = place ? `url(${picture})` : "none";
  box.hidden = !place;
  if (!place) return;
  const [high, wide] = image;
  sight.style.aspectRatio = wide / high;
  const [top, left, bottom, right] = place;
  const shares = { top: top / high, left: left / wide, bottom: 1 - bottom / high, right: 1 - right / wide };
  for (const [side, share] of Object.entries(shares)) box.style[side] = `${Math.max(0, share) * 100}%`;
}

// Say the settings that matter: those that each layer of the kind has, and others where they are not as usual.
function words(element, editor, layer, { settings, joins }) {
  const said = settings.flatMap((setting) => {
    const value = layer.values[setting.name];
    const text = sayValue(setting, value);
    return setting.bare || value !== setting.value ? [{ name: setting.name, text }] : [];
  });
  if (layer.source || joins) said.push({ name: "source", text: saySource(editor, layer, joins) });
  if (!isNew(element, said)) return;
  element.replaceChildren(...said.flatMap(({ name, text }, place) => {
    const one = make("span", "", text);
    one.dataset.setting = name;
    return place ? [", ", one] : [one];
  }));
}

function sayValue({ form, label, bare }, value) {
  if (form === "flag") return value === "yes" ? label.toLowerCase() : `no ${label.toLowerCase()}`;
  const sides = value.split("x");
  const pair = form === "whole" || form === "number" ? value : sides.length > 1 ? sides.join(" × ") : `${value} × ${value}`;
  if (bare && form === "pair") return pair;
  return form === "whole" && bare ? `${value} ${label.toLowerCase()}` : `${label.toLowerCase()} ${value}`;
}

function saySource(editor, { source }, joins) {
  const place = editor.layers.findIndex((each) => each.key === source);
  const named = source === IMAGE || !source ? "the image" : `layer ${place + 1}`;
  return joins ? `with ${named}` : `from ${named}`;
}
