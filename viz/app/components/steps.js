// A line of links to steps of the network; the current one is marked. It is one tab stop: the arrow keys lead from one
// link to the next. Screen readers list all of them as links.

const WAYS = { ArrowRight: 1, ArrowLeft: -1 };

export default function ({ data, parentElement, setTriggerValue }) {
  let list = parentElement.querySelector(".steps");
  if (!list) {
    list = document.createElement("ol");
    list.className = "steps";
    const group = document.createElement("div");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", data.label);
    group.append(list);
    parentElement.append(group);
  }
  list.classList.toggle("wordy", data.wordy);
  const held = list.contains(parentElement.getRootNode().activeElement);
  list.replaceChildren(...data.items.map((item, index) => entry(item, index, setTriggerValue)));
  const links = [...list.querySelectorAll("a")];
  const stop = (front) => links.forEach((each) => (each.tabIndex = each === front ? 0 : -1));
  const current = list.querySelector("[aria-current]") ?? links[0];
  stop(current);
  if (held) current.focus(); // it was opened with a key, and the next key leads on from it
  list.onkeydown = (event) => {
    const next = links[links.indexOf(event.target) + WAYS[event.key]];
    if (!(event.key in WAYS)) return;
    event.stopPropagation(); // elsewhere on the page these keys choose a row
    event.preventDefault();
    if (!next) return;
    stop(next);
    next.focus();
  };
  list.scrollLeft = list.scrollWidth; // the current step
}

function entry(item, index, setTriggerValue) {
  const place = document.createElement("li");
  const link = document.createElement("a");
  link.textContent = item.text;
  link.title = item.title;
  link.href = item.href;
  link.style.setProperty("--kind", item.colour);
  if (item.current) link.setAttribute("aria-current", "step");
  link.setAttribute("aria-label", item.title);
  link.onmousedown = (event) => {
    event.preventDefault(); // after a click the page's own shortcuts work
    link.getRootNode().activeElement?.blur();
  };
  link.onclick = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return; // the browser opens a new tab
    event.preventDefault();
    setTriggerValue("opened", index);
  };
  place.append(link);
  return place;
}
