// Values as a picture: the one that is pointed at, or that the arrow keys have come to, is read out beside it.

const SVG = "http://www.w3.org/2000/svg";
const WAYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const LETTER = 0.6; // width of a letter, where its height is 1
const LARGEST = 0.42; // height of a letter, where a unit is 1 high

export default function ({ data, parentElement }) {
  const parts = (parentElement.parts ??= build(parentElement));
  const [height, width] = data.size;
  parts.stage.style.setProperty("--wide", width);
  parts.stage.style.setProperty("--widest", data.widest ?? "22rem");
  parts.stage.style.setProperty("--highlight", data.highlight);
  parts.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  parts.picture.setAttribute("aria-label", `${data.label} The arrow keys read one value after the other.`);
  set(parts.image, { href: data.picture, width, height, opacity: data.opacity ?? 1 });
  for (const layer of ["beneath", "outline"]) set(parts[layer], { href: data[layer] ?? "", width, height });
  print(parts.numbers, data);
  parts.scale.innerHTML = data.scale;

  const read = (cell) => {
    const found = cell && find(data, cell);
    parts.stage.classList.toggle("reading", Boolean(found));
    parts.read = found ? cell : undefined;
    if (!found) return;
    const [y, x] = cell;
    const words = `y ${found.y}, x ${found.x}: ${data.values[found.index]}`;
    parts.words.textContent = data.places ? `${data.places} ${found.square}, ${words}` : words;
    set(parts.cell, { x, y });
    const across = ((x + 0.5) / width) * 100;
    const low = y > height / 2; // above the value in the lower half, below it in the upper
    Object.assign(parts.words.style, {
      left: `${across}%`,
      top: `${((low ? y : y + 1) / height) * 100}%`,
      transform: `translate(${-across}%, ${low ? "calc(-100% - 0.4rem)" : "0.4rem"})`,
    });
  };
  read(parts.read); // another digit: the same place holds another value

  const pointed = (event) => {
    const shown = parts.picture.getBoundingClientRect();
    const y = Math.floor(((event.clientY - shown.top) / shown.height) * height);
    const x = Math.floor(((event.clientX - shown.left) / shown.width) * width);
    read([y, x]);
  };
  parts.picture.onpointermove = pointed;
  parts.picture.onpointerdown = pointed; // a finger taps
  parts.picture.onmousedown = (event) => event.preventDefault(); // the page's own keys keep working after a click
  parts.picture.onpointerleave = (event) => event.pointerType === "mouse" && read();
  parts.picture.onfocus = () => read(parts.read ?? data.corners[0]);
  parts.picture.onblur = () => read();
  parts.picture.onkeydown = (event) => {
    const way = WAYS[event.key];
    if (!way) return;
    event.stopPropagation(); // elsewhere on the page these keys go from step to step
    event.preventDefault();
    let [y, x] = parts.read ?? data.corners[0];
    do [y, x] = [y + way[0], x + way[1]]; // over what is between two squares
    while (y >= 0 && y < height && x >= 0 && x < width && !find(data, [y, x]));
    if (find(data, [y, x])) read([y, x]);
  };
}

// Which value lies at a place of the sheet: the square it is in, where in it, and the position in the list.
function find({ corners, square: [high, wide] }, [down, across]) {
  const square = corners.findIndex(
    ([top, left]) => down >= top && down < top + high && across >= left && across < left + wide,
  );
  if (square < 0) return undefined;
  const [y, x] = [down - corners[square][0], across - corners[square][1]];
  return { square, y, x, index: (square * high + y) * wide + x };
}

function print(numbers, { printed, inks, corners, square: [high, wide] }) {
  const longest = Math.max(...printed.map((text) => text.length));
  numbers.setAttribute("font-size", Math.min(LARGEST, 0.94 / (LETTER * longest)));
  numbers.replaceChildren(
    ...printed.map((text, index) => {
      const [top, left] = corners[Math.floor(index / (high * wide))];
      const [y, x] = [Math.floor(index / wide) % high, index % wide];
      const made = document.createElementNS(SVG, "text");
      set(made, { x: left + x + 0.5, y: top + y + 0.5, fill: inks[index] });
      made.textContent = text;
      return made;
    }),
  );
}

function build(parent) {
  const [stage, words, scale] = ["stage", "words", "below"].map((name) => {
    const made = document.createElement("div");
    made.className = name;
    return made;
  });
  const [picture, beneath, image, outline, numbers, cell] = ["svg", "image", "image", "image", "g", "rect"].map((name) =>
    document.createElementNS(SVG, name),
  );
  set(picture, { role: "application", tabindex: 0 }); // so that screen readers leave it the arrow keys
  words.setAttribute("aria-live", "polite");
  for (const each of [beneath, image, outline]) each.setAttribute("preserveAspectRatio", "none");
  set(cell, { width: 1, height: 1, class: "cell" });
  picture.append(beneath, image, outline, numbers, cell);
  stage.append(picture, words);
  parent.append(stage, scale);
  return { stage, words, scale, picture, beneath, image, outline, numbers, cell };
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}
