// The whole network as columns of rows; each row is a link with a picture of its activation.
// The columns are built once and then only their pictures change, so nothing moves when the digit does.

export default function ({ data, parentElement, setTriggerValue }) {
  let root = parentElement.querySelector(".network");
  if (!root) {
    root = element("div", "network");
    root.append(...data.blocks.map((block, index) => column(block, index)));
    parentElement.append(root);
  }
  const links = root.querySelectorAll("a");
  data.blocks.flat().forEach((tile, index) => {
    const link = links[index];
    const picture = link.querySelector("img");
    picture.src = tile.picture;
    link.href = tile.href;
    link.onclick = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return; // a new tab is the browser's business
      event.preventDefault();
      setTriggerValue("opened", tile.name);
    };
  });
  root.dataset.digit = data.digit;
}

function column(block, index) {
  const list = element("ol", "block");
  list.setAttribute("aria-label", `Block ${index + 1}`);
  list.append(...block.map(row));
  return list;
}

function row(tile) {
  const item = element("li");
  const link = element("a");
  link.style.setProperty("--kind", tile.colour);
  link.setAttribute("aria-label", `${tile.name}: ${tile.kind}, ${tile.shape}. Show its feature maps.`);
  const frame = element("span", "frame");
  const picture = element("img");
  picture.alt = "";
  picture.width = tile.width;
  picture.height = tile.height;
  frame.append(picture);
  const [name, shape] = [element("span", "name"), element("span", "shape")];
  name.textContent = tile.name;
  shape.textContent = tile.shape;
  link.append(frame, name, shape);
  item.append(link);
  return item;
}

function element(tag, className = "") {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}
