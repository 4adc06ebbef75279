// A row of links through the network: where one is, where one has been, where one can go.

export default function ({ data, parentElement, setTriggerValue }) {
  let list = parentElement.querySelector(".steps");
  if (!list) {
    list = document.createElement("ol");
    list.className = "steps";
    parentElement.append(list);
  }
  list.setAttribute("aria-label", data.label);
  list.classList.toggle("wordy", data.wordy);
  list.replaceChildren(...data.items.map((item, index) => entry(item, index, setTriggerValue)));
  list.scrollLeft = list.scrollWidth; // where one is now
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
  link.onclick = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return; // a new tab is the browser's business
    event.preventDefault();
    setTriggerValue("opened", index);
  };
  place.append(link);
  return place;
}
