// A grid of pictures: one tab stop, arrow keys to move, Enter or a click to choose.

export default function ({ data, parentElement, setTriggerValue }) {
  let grid = parentElement.querySelector(".grid");
  if (!grid) {
    grid = document.createElement("div");
    grid.className = "grid";
    grid.setAttribute("role", "group");
    parentElement.append(grid);
  }
  grid.setAttribute("aria-label", data.label);
  grid.style.setProperty("--cell", data.cell);
  if (grid.dataset.sprite !== data.sprite) {
    grid.dataset.sprite = data.sprite;
    grid.replaceChildren(...data.names.map((name, index) => button(data, name, index)));
  }
  const buttons = [...grid.children];
  const tabStop = Math.max(data.selected, 0);
  buttons.forEach((each, index) => {
    each.setAttribute("aria-pressed", index === data.selected);
    each.tabIndex = index === tabStop ? 0 : -1;
    each.onclick = (event) => {
      setTriggerValue("picked", index);
      if (event.detail > 0) each.blur(); // after a mouse click the page's own shortcuts work again
    };
  });
  grid.onkeydown = (event) => {
    const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (!step) return;
    event.stopPropagation(); // on some pages the arrow keys have another function
    const next = buttons[buttons.indexOf(parentElement.activeElement ?? document.activeElement) + step];
    if (!next) return;
    event.preventDefault();
    buttons.forEach((each) => (each.tabIndex = each === next ? 0 : -1));
    next.focus();
  };
}

function button(data, name, index) {
  const made = document.createElement("button");
  made.type = "button";
  made.title = name;
  made.setAttribute("aria-label", name);
  made.style.backgroundImage = `url(${data.sprite})`;
  made.style.backgroundSize = `${data.names.length * 100}% 100%`;
  made.style.backgroundPosition = `${data.names.length > 1 ? (index / (data.names.length - 1)) * 100 : 0}% 0`;
  return made;
}
