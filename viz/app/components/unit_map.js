// Every unit of a map at the center of its receptive field; a click chooses the nearest unit, an arrow key a neighbour.

const SVG = "http://www.w3.org/2000/svg";
const GAP = 0.1; // image pixels between two units
const WAYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export default function ({ data, parentElement, setTriggerValue }) {
  const parts = (parentElement.parts ??= build(parentElement));
  const [height, width] = data.image;
  const box = { x: -1, y: -1, width: width + 2, height: height + 2 };
  parts.picture.setAttribute("viewBox", Object.values(box).join(" "));
  parts.picture.setAttribute("aria-label", `${data.label} The arrow keys choose another.`);
  set(parts.image, { width, height });
  const lattice = JSON.stringify([data.units, data.center, data.jump]);
  if (parts.lattice !== lattice) parts.units.setAttribute("d", every(data).map((unit) => square(data, unit)).join(""));
  parts.lattice = lattice;
  parts.picture.style.setProperty("--unit", data.colours.unit);
  parts.picture.style.setProperty("--selected", data.colours.selected);
  let selected;
  const select = (unit) => {
    selected = unit.map((place, axis) => Math.min(Math.max(place, 0), data.units[axis] - 1));
    parts.selected.setAttribute("d", square(data, selected));
    parts.picture.dataset.selected = selected.join(".");
    parts.picture.dataset.says = `unit y ${selected[0]}, x ${selected[1]}`;
  };
  select(data.selected);

  const choose = (unit) => {
    select(unit);
    setTriggerValue("chosen", selected);
  };
  const nearest = (event) => {
    const shown = parts.picture.getBoundingClientRect();
    const y = box.y + ((event.clientY - shown.top) / shown.height) * box.height - 0.5; // relative to a pixel's centre
    const x = box.x + ((event.clientX - shown.left) / shown.width) * box.width - 0.5;
    return [y, x].map((place, axis) => {
      const unit = Math.round((place - data.center[axis]) / data.jump[axis]);
      return Math.min(Math.max(unit, 0), data.units[axis] - 1);
    });
  };
  parts.picture.onclick = (event) => {
    choose(nearest(event));
    parts.picture.blur(); // after a mouse click the page's own shortcuts work again
  };
  parts.picture.onkeydown = (event) => {
    const way = WAYS[event.key];
    if (!way) return;
    event.stopPropagation(); // elsewhere on the page these keys choose a step
    event.preventDefault();
    choose(selected.map((place, axis) => place + way[axis]));
  };
  parts.picture.onpointermove = (event) => {
    const [y, x] = nearest(event);
    parts.picture.dataset.says = `unit y ${y}, x ${x}`;
  };
}

function every({ units: [high, wide] }) {
  return Array.from({ length: high * wide }, (_, index) => [Math.floor(index / wide), index % wide]);
}

// The centre of pixel 0 is at 0.5 in the picture.
function square({ center, jump }, unit) {
  const [top, left] = unit.map((place, axis) => center[axis] + (place - 0.5) * jump[axis] + 0.5 + GAP / 2);
  const [high, wide] = jump.map((side) => side - GAP);
  return `M${left} ${top}h${wide}v${high}h${-wide}z`;
}

function build(parent) {
  const parts = Object.fromEntries(
    [["picture", "svg"], ["image", "rect"], ["units", "path"], ["selected", "path"]].map(
      ([name, tag]) => [name, document.createElementNS(SVG, tag)],
    ),
  );
  parts.picture.setAttribute("role", "application"); // so that screen readers pass the arrow keys on
  parts.picture.setAttribute("tabindex", 0);
  for (const name of ["image", "units", "selected"]) parts[name].setAttribute("class", name);
  parts.picture.append(parts.image, parts.units, parts.selected);
  parent.append(parts.picture);
  return parts;
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}
