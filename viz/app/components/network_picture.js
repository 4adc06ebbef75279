// The whole network as columns of steps; each step is a link with a picture of its activation.
// The columns are built once for each network; later only the pictures change, so nothing moves with the digit.

const SHORT = 16; // columns of steps that the projector view shows in one line
const USUAL = 3; // steps of a lane below one another

export default function ({ data, parentElement, setTriggerValue }) {
  const lanes = data.columns.flat();
  const names = JSON.stringify([data.high, data.columns.map((each) => each.map((lane) => lane.map((tile) => tile.name)))]);
  let root = parentElement.querySelector(".network");
  if (root?.dataset.names !== names) {
    root?.remove();
    root = element("div", "network");
    root.dataset.names = names;
    const fits = data.columns.length <= 8 && data.columns.every((lanes) => lanes.length === 1);
    root.classList.toggle("one-line", fits);
    const across = lanes.reduce((sum, tiles) => sum + Math.max(1, Math.ceil(tiles.length / data.high)), 0);
    root.classList.toggle("high", data.high > USUAL && lanes.some((tiles) => tiles.length > USUAL));
    root.classList.toggle("short", across <= SHORT);
    root.style.setProperty("--columns", data.columns.length);
    root.append(...data.columns.map((lanes, index) => column(lanes, index, data.high)));
    parentElement.append(root);
  }
  const links = root.querySelectorAll("a");
  data.columns.flat(2).forEach((tile, index) => {
    const link = links[index];
    const picture = link.querySelector("img");
    picture.src = tile.picture;
    picture.width = tile.width;
    picture.height = tile.height;
    link.href = tile.href;
    link.onclick = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return; // the browser opens a new tab
      event.preventDefault();
      setTriggerValue("opened", tile.name);
    };
  });
  root.dataset.digit = data.digit;
}

function column(lanes, index, high) {
  if (lanes.length === 1) return lane(lanes[0], `Block ${index + 1}`, high);
  const fork = element("div", "fork");
  fork.style.setProperty("--lanes", lanes.length);
  fork.setAttribute("role", "group");
  fork.setAttribute("aria-label", `Block ${index + 1}: ${lanes.length} ways, which meet in the next block`);
  fork.append(...lanes.map((tiles, place) => lane(tiles, `Way ${place + 1} of block ${index + 1}`, high)));
  return fork;
}

// A lane of more steps goes on beside them, so that no line is half empty.
function lane(tiles, label, high) {
  const list = element("ol", "block");
  list.setAttribute("aria-label", label);
  list.style.setProperty("--rows", Math.min(tiles.length, high));
  list.append(...tiles.map(row));
  if (!tiles.length) {
    const unchanged = element("li", "unchanged");
    unchanged.textContent = "passed on unchanged";
    list.append(unchanged);
  }
  return list;
}

function row(tile) {
  const item = element("li");
  const link = element("a");
  link.style.setProperty("--kind", tile.colour);
  const does = tile.module ? "Show its steps" : "Show its feature maps";
  link.setAttribute("aria-label", `${tile.name}: ${tile.kind}, ${tile.shape}. ${does}.`);
  const frame = element("span", "frame");
  const picture = element("img");
  picture.alt = "";
  frame.append(picture);
  const [name, shape] = [element("span", "name"), element("span", "shape")];
  name.textContent = tile.name;
  shape.textContent = tile.module ? `${tile.kind}\n${tile.shape}` : tile.shape;
  link.append(frame, name, shape);
  item.append(link);
  return item;
}

function element(tag, className = "") {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}
