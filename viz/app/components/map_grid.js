// A grid of feature maps: one tab stop, arrow keys to move, Enter or a click to choose.

export default function ({ data, parentElement, setTriggerValue }) {
  const { grid, scale } = (parentElement.parts ??= build(parentElement));
  grid.setAttribute("aria-label", data.label);
  grid.classList.toggle("strip", data.strip); // a map of one unit is a cell with its name and value
  grid.style.setProperty("--columns", data.columns);
  grid.style.setProperty("--few", data.columns > 5 ? data.columns / 2 : data.columns); // on a phone
  grid.style.setProperty("--shape", data.size.toReversed().join(" / "));
  scale.innerHTML = data.scale;
  while (grid.children.length > data.tiles.length) grid.lastChild.remove();
  while (grid.children.length < data.tiles.length) grid.append(tile());
  const buttons = [...grid.children];
  buttons.forEach((each, index) => {
    show(each, data.tiles[index]);
    each.setAttribute("aria-pressed", index === data.selected);
    each.tabIndex = index === data.selected ? 0 : -1;
    each.onclick = (event) => {
      setTriggerValue("chosen", index);
      if (event.detail > 0) each.blur(); // after a mouse click the page's own shortcuts work again
    };
  });
  grid.onkeydown = (event) => {
    const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (!step) return;
    event.stopPropagation(); // elsewhere on the page these keys choose a step
    event.preventDefault();
    const next = buttons[buttons.indexOf(event.target) + step];
    if (!next) return;
    buttons.forEach((each) => (each.tabIndex = each === next ? 0 : -1));
    next.focus();
  };
}

function show(button, { picture, title, says, note }) {
  const [frame, name, small] = button.children;
  const [image] = frame.children;
  if (image.src !== picture) image.src = picture;
  name.textContent = title;
  small.textContent = note;
  button.dataset.says = says;
  button.setAttribute("aria-label", says);
}

function tile() {
  const made = document.createElement("button");
  made.type = "button";
  const image = document.createElement("img");
  image.alt = "";
  const frame = document.createElement("span");
  frame.className = "picture";
  frame.append(image);
  made.append(frame, document.createElement("span"), document.createElement("small"));
  return made;
}

function build(parent) {
  const [grid, scale] = ["grid", "below"].map((name) => {
    const made = document.createElement("div");
    made.className = name;
    return made;
  });
  grid.setAttribute("role", "group");
  parent.append(grid, scale);
  return { grid, scale };
}
