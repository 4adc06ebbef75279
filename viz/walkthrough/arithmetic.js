// The arithmetic of any unit, from the values and the weights that the file carries. A step brings a recipe: a rule, and
// where its input units are (model/layers/records.py). The result is what the component "workings" shows.

const FEW = 9; // a formula with more terms has one sum for each input map
// As in viz/layers/worked_unit.py and sums.py.
const MOST_MAPS = 64; // input maps that are shown one by one
const MOST_INPUTS = 3; // further steps whose maps are drawn
const MOST_UNITS = 100_000; // of the input maps that can be shown in place of the first one
const ROUNDING = 1e-6;
const PRINTED = 0.01; // the parts of a sum are printed with four decimals, their factors too

// ---- numbers, as Python writes them

// A number with so many decimals. Halves go to the even digit, no zero is negative, and a minus is a true minus.
function fixed(value, decimals) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value < 0 ? "−inf" : "inf";
  const size = Math.abs(value);
  let text = size.toFixed(decimals);
  const isHalf = /^50*$/.test(size.toFixed(decimals + 60).split(".")[1].slice(decimals));
  if (isHalf && Number(text.at(-1)) % 2) text = (size - 10 ** -decimals / 4).toFixed(decimals);
  return value < 0 && Number(text) ? `−${text}` : text;
}

const number = (value) => fixed(value, 3);
const inBrackets = (text) => (text.startsWith("−") ? `(${text})` : text);
const term4 = (value) => inBrackets(fixed(value, 4));

// A number with so many digits, and a power of ten where it is very large or small: Python's format "g".
function general(value, digits) {
  if (!Number.isFinite(value) || value === 0) return value === 0 ? "0" : fixed(value, 0);
  const [mantissa, power] = value.toExponential(digits - 1).split("e");
  const short = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (power >= -4 && power < digits) return short(value.toPrecision(digits));
  return `${short(mantissa)}e${power[0]}${power.slice(1).padStart(2, "0")}`;
}

function powered(text) {
  const [mantissa, power] = text.split("e");
  if (!power || !Number.isFinite(Number(text))) return text;
  return `${mantissa === "1" ? "" : `${mantissa} × `}10<sup>${Number(power)}</sup>`.replace("-", "−");
}

// A formula with numbers in the place of its letters, as text and as HTML. The first row of letters stands in brackets,
// which stay where the number is negative; the second row stands alone.
function filled([enclosed, bare], formula, numbers) {
  let { text, html } = formula;
  numbers.forEach((each, at) => {
    const plain = typeof each === "string" ? each : fixed(each, 4);
    for (const letter of [`(<i>${enclosed[at]}</i>)`, `(${enclosed[at]})`]) {
      text = text.replaceAll(letter, inBrackets(plain));
      html = html.replaceAll(letter, inBrackets(plain));
    }
    for (const letter of [`<i>${enclosed[at]}</i>`, `<i>${bare[at]}</i>`, bare[at]]) {
      text = text.replaceAll(letter, plain);
      html = html.replaceAll(letter, powered(plain));
    }
  });
  return { text, html };
}

const typeset = ({ text, html }) => `<span class="mathematics" role="math" aria-label="${text}">${html ?? text}</span>`;

// ---- the input units of a unit

function unitAt(index, [, height, width]) {
  return [Math.floor(index / (height * width)), Math.floor(index / width) % height, index % width];
}

const indexOf = ([c, y, x], [, height, width]) => (c * height + y) * width + x;

// The numbers of the input units, counted through all inputs, each with its weight where there is one.
function taken(step, index, inputs) {
  const { where, settings, arrays, shapes } = step.recipe;
  if (where === "members") {
    const count = shapes.members[1];
    return [...arrays.members.subarray(index * count, (index + 1) * count)].filter((each) => each >= 0).map((each) => [each]);
  }
  if (where === "row") {
    const [units, values] = shapes.weight;
    const [place, row] = [Math.floor(index / units), index % units];
    return Array.from({ length: values }, (_, k) => [place * values + k, arrays.weight[row * values + k]]);
  }
  if (where === "window") return inWindow(step, index, inputs[0].maps);
  return inputs.map((_, at) => [index + at * step.values.length]);
}

function inWindow({ maps, recipe: { settings, arrays, shapes } }, index, input) {
  const [channel, y, x] = unitAt(index, maps);
  const [, slices, high, wide] = shapes.weight ?? [0, 1, 0, 0]; // without weights a unit looks at its own map alone
  const first = shapes.weight ? Math.floor(channel / settings.per_group) * slices : channel;
  const found = [];
  for (let slice = 0; slice < slices; slice += 1)
    for (const [ky, iy] of settings.rows[y])
      for (const [kx, ix] of settings.columns[x])
        found.push([indexOf([first + slice, iy, ix], input), arrays.weight?.[((channel * slices + slice) * high + ky) * wide + kx]]);
  return found;
}

function terms(content, step, index) {
  const inputs = step.inputs.map((name) => content.named.get(name));
  return taken(step, index, inputs).map(([place, weight]) => {
    let at = 0;
    for (; place >= inputs[at].values.length; at += 1) place -= inputs[at].values.length;
    const { name, maps, values } = inputs[at];
    return { source: name, unit: unitAt(place, maps), value: values[place], weight };
  });
}

// ---- the rules

const added = (values) => values.reduce((sum, value) => sum + value, 0);
const products = (all) => added(all.map((term) => term.product));
const weigh = (all, weight) => all.forEach((term, at) => Object.assign(term, { weight: weight(term, at), product: term.value * weight(term, at) }));

// One number of an array that has one for all units, one for each map, or one for each unit.
function pick(array, index, [maps, height, width]) {
  if (array.length === 1) return array[0];
  return array[array.length === maps * height * width ? index : Math.floor(index / (height * width))];
}

// Each rule gets the terms, and gives weights and products to them; it returns the value, the bias, and the numbers of
// the formula, or the formula itself.
const RULES = {
  sum(all, { recipe: { where, arrays, shapes, symbols }, maps }, index) {
    weigh(all, (term) => term.weight);
    const row = where === "row" ? index % shapes.weight[0] : unitAt(index, maps)[0];
    const bias = arrays.bias?.[row] ?? 0;
    const few = all.length <= FEW;
    const sums = new Map();
    for (const { unit, product } of all) sums.set(unit[0], (sums.get(unit[0]) ?? 0) + product);
    const parts = few ? all.map((each) => `${term4(each.value)} × ${term4(each.weight)}`) : [...sums.values()].map(term4);
    if (arrays.bias) parts.push(term4(bias));
    const value = products(all) + bias;
    return { value, bias, symbols: symbols[few ? 0 : 1], text: `${parts.join(" + ") || "0"} = ${fixed(value, 4)}` };
  },
  mean(all, { recipe: { settings }, maps }, index) {
    const [, y, x] = unitAt(index, maps);
    const divisor = settings.divisors?.[y][x] ?? all.length;
    for (const term of all) Object.assign(term, { weight: 1 / divisor, product: term.value / divisor });
    const value = products(all);
    return { value, numbers: [added(all.map((term) => term.value)), String(divisor), value] };
  },
  total(all) {
    weigh(all, () => 1);
    return { value: products(all), numbers: ["", "", products(all)] };
  },
  largest(all, { recipe: { formula } }) {
    const values = all.map((term) => term.value);
    const value = Math.max(...values);
    const kept = values.indexOf(value); // the first of equal values counts
    weigh(all, (_, at) => Number(at === kept));
    const listed = `max(${values.map((each) => fixed(each, 4)).join(", ")}) = ${fixed(value, 4)}`;
    return formula.text ? { value, numbers: ["", "", value] } : { value, text: listed };
  },
  norm([term], { recipe: { settings, arrays }, maps }, index) {
    const [mean, variance, scale, shift] = ["mean", "variance", "scale", "shift"].map((name) => pick(arrays[name], index, maps));
    const weight = scale / Math.sqrt(variance + settings.eps);
    Object.assign(term, { weight, product: term.value * weight });
    const value = (term.value - mean) * weight + shift;
    return { value, bias: shift - mean * weight, numbers: [term.value, mean, variance, scale, shift, value] };
  },
  function([term], { recipe: { settings } }) {
    const value = FUNCTIONS[settings.function](term.value, settings);
    Object.assign(term, { weight: null, product: value });
    return { value, numbers: [term.value, value] };
  },
  slope([term], { recipe: { arrays }, maps }, index) {
    weigh([term], ({ value }) => (value > 0 ? 1 : pick(arrays.slope, index, maps)));
    return { value: term.product, numbers: [term.value, term.weight, term.product] };
  },
  copy([term], { recipe: { settings, symbols } }) {
    if (!term) return { ...given(settings.value), symbols: symbols[0] };
    weigh([term], () => 1);
    return { value: term.value, symbols: symbols.at(-1), numbers: [term.value, term.value] };
  },
  join(all, { recipe: { settings } }) {
    const { weights } = settings;
    weigh(all, (_, at) => weights[at]);
    const both = pair(all, settings);
    const bias = all.length > 1 ? 0 : both[1] * weights[1];
    const value = both[0] * weights[0] + both[1] * weights[1];
    return { value, bias, numbers: [...both.map((each, at) => (weights[at] === -1 ? -each : each)), value] };
  },
  product: (all, { recipe: { settings } }) => scaled(all, settings, (factor) => factor),
  quotient: (all, { recipe: { settings } }) => scaled(all, settings, (divisor) => 1 / divisor),
  larger: (all, { recipe: { settings } }) => chosen(all, settings, Math.max),
  smaller: (all, { recipe: { settings } }) => chosen(all, settings, Math.min),
  softmax: (all, step, index) => shared(all, step, index, (score, logarithm) => Math.exp(score - logarithm)),
  "log-softmax": (all, step, index) => shared(all, step, index, (score, logarithm) => score - logarithm),
  stored: (_all, { values }, index) => given(values[index]),
};

const given = (value) => ({ value, bias: value, text: `${fixed(value, 4)} = ${fixed(value, 4)}` });
const pair = (all, settings) => [all[0].value, all.length > 1 ? all[1].value : settings.value];

function scaled(all, settings, factor) {
  const [one, other] = pair(all, settings);
  weigh(all.slice(0, 1), () => factor(other));
  all.slice(1).forEach((term) => Object.assign(term, { weight: null, product: 0 })); // it is the factor
  return { value: one * factor(other), numbers: [one, other, one * factor(other)] };
}

function chosen(all, settings, choose) {
  const both = pair(all, settings);
  const value = choose(...both);
  const kept = both.indexOf(value);
  weigh(all, (_, at) => Number(at === kept));
  return { value, bias: kept >= all.length ? value : 0, numbers: [...both, value] };
}

function shared(all, { inputs, maps }, index, result) {
  const scores = all.map((term) => term.value);
  const most = Math.max(...scores); // so that no exponential is too large
  const logarithm = most + Math.log(added(scores.map((score) => Math.exp(score - most))));
  for (const term of all) Object.assign(term, { weight: null, product: Math.exp(term.value) });
  const own = String(unitAt(index, maps));
  const score = all.find((term) => String(term.unit) === own).value;
  return { value: result(score, logarithm), numbers: [score, general(products(all), 6), result(score, logarithm)] };
}

const clamp = (value, low, high) => Math.min(Math.max(value, low ?? -Infinity), high ?? Infinity);
const sigmoid = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const FUNCTIONS = {
  relu6: (x) => clamp(x, 0, 6),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  silu: (x) => x * sigmoid(x),
  mish: (x) => x * Math.tanh(softplus(x)),
  sigmoid,
  tanh: Math.tanh,
  hardswish: (x) => (x * clamp(x + 3, 0, 6)) / 6,
  hardsigmoid: (x) => clamp(x + 3, 0, 6) / 6,
  hardtanh: (x, { min_val, max_val }) => clamp(x, min_val, max_val),
  clamp: (x, { min, max }) => clamp(x, min, max),
  leaky_relu: (x, { negative_slope }) => (x > 0 ? x : x * negative_slope),
  elu: (x, { alpha, scale = 1, input_scale = 1 }) => scale * (x > 0 ? x : alpha * Math.expm1(input_scale * x)),
  softplus: (x, { beta, threshold }) => (beta * x > threshold ? x : softplus(beta * x) / beta),
  gelu: (x, { approximate }) =>
    approximate === "tanh"
      ? (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2
      : (x * (1 + erf(x / Math.SQRT2))) / 2,
};

// The error function by Kummer's series, whose terms all have one sign, so nothing is lost.
function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) sum += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

const UNWORKED = { text: "not worked out", html: "<i>not worked out</i>" };

// Work out one unit (c, y, x) of a step.
function explain(content, step, unit) {
  const index = indexOf(unit, step.maps);
  const [recorded, source] = [step.values[index], step.inputs[0] ?? ""];
  if (!step.recipe) return { terms: [], bias: 0, symbols: typeset(UNWORKED), ...UNWORKED, value: recorded, recorded, source };
  const all = terms(content, step, index);
  const found = RULES[step.recipe.rule](all, step, index);
  const line = found.text ? { text: found.text } : filled(content.letters, step.recipe.formula, found.numbers);
  return { bias: 0, symbols: step.recipe.symbols[0], ...found, ...line, terms: all, recorded, source };
}

// ---- what the component "workings" shows: the same as viz/layers/worked_unit.prepare

function prepare(content, step, unit) {
  const explained = explain(content, step, unit);
  const groups = byMap(explained.terms);
  const strongest = groups.reduce((most, each) => (Math.abs(each.sum) > Math.abs(most.sum) ? each : most), groups[0]);
  const [name, front] = strongest ? [strongest.source, strongest.channel] : [explained.source, 0];
  const source = name ? content.named.get(name) : step;
  const shown = strongestOf(groups);
  const line = shown.length === groups.length ? explained : shortened(explained, groups, shown);
  const pictures = picturesOf(content, shown);
  const several = new Set(groups.map((group) => group.source)).size > 1;
  return {
    name: step.name,
    source: name,
    unit,
    window: step.window,
    covered: step.sliding ? null : box(strongest?.terms ?? []),
    input: picture(source, Math.min(front, source.maps[0] - 1)),
    others: others(content, groups, name),
    output: { ...picture(step, unit[0]), values: valuesOf(step, unit[0]).map(number), strip: step.strip },
    bias: number(explained.bias),
    groups: shown.map((group) => ({ ...described(group, step.weighted, several), picture: pictures.get(group) ?? "" })),
    more: `${shown.length === groups.length ? "All" : `${shown.length} of`} ${groups.length.toLocaleString("en-US")} input maps`,
    symbols: explained.symbols,
    formula: sumOf(line, groups, shown),
    recorded: fixed(explained.recorded, 4),
    play: step.playable ? { values: valuesOf(source, front), weights: kernel(step, unit[0], front), start: step.starts[front] } : null,
  };
}

function byMap(all) {
  const groups = new Map();
  for (const term of all) {
    const key = `${term.unit[0]} ${term.source}`;
    if (!groups.has(key)) groups.set(key, { source: term.source, channel: term.unit[0], terms: [], sum: 0 });
    groups.get(key).terms.push(term);
    groups.get(key).sum += term.product;
  }
  return [...groups.values()];
}

function strongestOf(groups) {
  if (groups.length <= MOST_MAPS) return groups;
  const largest = new Set([...groups].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum)).slice(0, MOST_MAPS));
  return groups.filter((group) => largest.has(group));
}

// The sum of what is shown, the sum of the others, and the bias.
function shortened(explained, groups, shown) {
  const one = added(shown.map((group) => group.sum));
  const other = added(groups.filter((group) => !shown.includes(group)).map((group) => group.sum));
  const gap = Math.abs(one + other + explained.bias - explained.value);
  if (gap > ROUNDING * Math.max(1, Math.abs(explained.value))) return explained; // not a sum of its terms
  const parts = [one, other, explained.bias].filter(Boolean).map((part) => `(${fixed(part, 4)})`);
  const text = `${parts.join(" + ")} = ${fixed(explained.value, 4)}`;
  return { text, html: text };
}

// The formula; where it is a sum of terms or of maps, each of its parts is a button with the place of its group and term.
function sumOf(line, groups, shown) {
  const at = line.text.lastIndexOf(" = ");
  const parts = line.text.slice(0, Math.max(0, at)).split(" + ");
  const places = shown.length === groups.length ? belongs(parts, groups) : [];
  if (!places.length) return typeset(line);
  const buttons = places.map(({ group, term }, n) => {
    const own = term === undefined ? "" : ` data-term="${term}"`;
    return `<button type="button" data-group="${group}"${own}>${parts[n]}</button>`;
  });
  const whole = [...buttons, ...parts.slice(places.length)].join(" + ");
  return `<span role="group" aria-label="The terms of the sum">${whole}</span> = ${line.text.slice(at + 3)}`;
}

// Which group, and which of its terms, each part of a sum is; nothing where it is no such sum. The last can be the bias.
function belongs(parts, groups) {
  const each = groups.flatMap((group, at) => group.terms.map(({ product }, term) => ({ group: at, term, number: product })));
  const sums = groups.map(({ sum }, group) => ({ group, number: sum }));
  const counts = (found) => found.length > 1 && found.length <= parts.length && parts.length <= found.length + 1;
  const agrees = ({ number }, at) => {
    const value = parts[at].split(" × ").reduce((all, part) => all * Number(part.replace(/[()]/g, "").replace("−", "-")), 1);
    return Math.abs(value - number) <= PRINTED * Math.max(1, Math.abs(number));
  };
  const found = counts(each) ? each : counts(sums) ? sums : [];
  return found.every(agrees) ? found : [];
}

// The map that adds most of each other step that goes into this one, such as the second one of an add.
function others(content, groups, name) {
  const fronts = new Map();
  for (const group of [...groups].sort((a, b) => Math.abs(b.sum) - Math.abs(a.sum)))
    if (group.source !== name && !fronts.has(group.source)) fronts.set(group.source, group);
  return [...fronts.values()].slice(0, MOST_INPUTS).map(({ source, channel, terms: all }) => ({
    ...picture(content.named.get(source), channel),
    source,
    covered: box(all),
  }));
}

// A picture of each input map that is shown, where they are several and not very large.
function picturesOf(content, shown) {
  const sizes = shown.map(({ source }) => content.named.get(source).maps.slice(1).reduce((a, b) => a * b));
  if (shown.length < 2 || Math.max(...sizes) === 1 || added(sizes) > MOST_UNITS) return new Map();
  return new Map(shown.map((group) => [group, content.named.get(group.source).pictures[group.channel]]));
}

// The smallest box around some units, half-open: top, left, bottom, right.
function box(all) {
  if (!all.length) return [0, 0, 0, 0];
  const [ys, xs] = [1, 2].map((axis) => all.map((term) => term.unit[axis]));
  return [Math.min(...ys), Math.min(...xs), Math.max(...ys) + 1, Math.max(...xs) + 1];
}

function valuesOf({ values, maps: [, height, width] }, channel) {
  return [...values.subarray(channel * height * width, (channel + 1) * height * width)];
}

function kernel({ recipe: { arrays, shapes } }, channel, front) {
  if (!arrays.weight) return null;
  const [, slices, high, wide] = shapes.weight; // with groups a kernel has slices for the maps of its own group only
  const start = (channel * slices + (front % slices)) * high * wide;
  return [...arrays.weight.subarray(start, start + high * wide)];
}

function picture({ maps: [, height, width], pictures, grid }, channel) {
  return { channel, scale: grid.scale, height, width, picture: pictures[channel] };
}

function described({ source, channel, terms: all, sum }, weighted, several) {
  const isWeighted = weighted && all.some(({ weight }) => ![null, 0, 1].includes(weight));
  const whole = (weight) => ([0, 1].includes(weight) ? `${weight}` : number(weight));
  const factor = ({ weight, product }) => (weight === null ? `exp ${general(product, 4)}` : `× ${whole(weight)}`);
  return {
    source,
    channel,
    heading: several ? `${source}, map ${channel}` : `Input map ${channel}`,
    name: several ? source : "",
    columns: new Set(all.map((term) => term.unit[2])).size,
    sum: fixed(sum, 4),
    terms: all.map((term) => ({
      unit: term.unit,
      value: number(term.value),
      rule: weighted ? factor(term) : "",
      product: isWeighted ? `= ${fixed(term.product, 4)}` : "",
      counts: !weighted || term.weight === null || term.weight !== 0,
    })),
  };
}
