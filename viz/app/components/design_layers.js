// The layers of a design as the editor keeps them, and what can be done with them. Nothing here draws.
// A layer has a key that stays, a kind, values as text, a label, and perhaps a source: the key of an earlier layer, or
// IMAGE. In text and in what Python sends, a source is a position from 1, and 0 is the image.

const IMAGE = "image";
let made = 0;

function layerOf({ kind, values, label = "" }) {
  made += 1;
  return { key: `layer-${made}`, kind, values: { ...values }, source: "", label };
}

// What Python sent. A layer that was there before keeps its key: one that is as it was, else the one in the same place.
function fromPython(given, before) {
  const alike = (one, other) => one.kind === other.kind && JSON.stringify(one.values) === JSON.stringify(other.values);
  const left = [...before];
  const take = (place) => (place >= 0 && left[place] ? left.splice(place, 1, null)[0].key : undefined);
  const keys = given.map((each, place) => (before[place] && alike(each, before[place]) ? take(place) : undefined));
  given.forEach((each, place) => (keys[place] ??= take(left.findIndex((other) => other && alike(each, other)))));
  if (given.length === before.length) given.forEach((_, place) => (keys[place] ??= take(place)));
  const layers = given.map((each, place) => ({ ...layerOf(each), ...(keys[place] && { key: keys[place] }) }));
  given.forEach(({ source }, place) => {
    if (source !== null) layers[place].source = source === 0 ? IMAGE : (layers[source - 1]?.key ?? "");
  });
  return layers;
}

// As Python sends it: two designs are the same if these are.
function forPython(layers) {
  const position = (key) => (key === IMAGE ? 0 : layers.findIndex((each) => each.key === key) + 1);
  return layers.map(({ kind, values, source, label }) => ({ kind, values, source: source ? position(source) : null, label }));
}

function asText(layers, head) {
  const lines = forPython(layers).map(({ kind, values, source, label }) => {
    const settings = Object.entries(values).filter(([, value]) => value !== "");
    const named = layers[source - 1]?.label || source;
    const words = [kind, ...settings.map(([name, value]) => `${name}=${value}`)];
    return [...words, ...(source === null ? [] : [`@${named}`]), ...(label ? [`label=${label}`] : [])].join(" ");
  });
  return [...head, ...lines].join("\n");
}

function withLayers(layers, at, added) {
  return layers.toSpliced(at, 0, ...added);
}

// Who read from a layer that goes reads from the one before it.
function withoutLayers(layers, from, to) {
  const gone = new Set(layers.slice(from, to).map(({ key }) => key));
  const instead = layers[from - 1]?.key ?? IMAGE;
  const mended = layers.map((each) => (gone.has(each.source) ? { ...each, source: instead } : each));
  return mended.toSpliced(from, to - from);
}

function withMoved(layers, from, to, target) {
  const moved = layers.slice(from, to);
  return layers.toSpliced(from, to - from).toSpliced(target, 0, ...moved);
}

// Copies behind the layers that are copied; a copy that read from one of them reads from its copy.
function withCopies(layers, from, to) {
  const originals = layers.slice(from, to);
  const copies = originals.map((each) => ({ ...layerOf(each), source: each.source, label: "" }));
  const copied = new Map(originals.map(({ key }, place) => [key, copies[place].key]));
  for (const copy of copies) copy.source = copied.get(copy.source) ?? copy.source;
  return layers.toSpliced(to, 0, ...copies);
}

function withChange(layers, place, change) {
  return layers.map((each, at) => (at === place ? { ...each, ...change } : each));
}
