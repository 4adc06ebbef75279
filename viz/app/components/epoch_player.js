// Plays a block of the network epoch by epoch, or shows one epoch by a slider, all in the browser.
// It sends the epoch to the page after a pause, at the end, or when the slider has stopped.

const STAY = 700; // milliseconds for each epoch
const REST = 400; // milliseconds without a move after which the slider counts as stopped
const SVG = "http://www.w3.org/2000/svg";

export default function ({ data, parentElement, setTriggerValue }) {
  const player = (parentElement.player ??= build(parentElement));
  player.show(data, setTriggerValue);
}

function build(parent) {
  const title = make("p", "now");
  const [play, slider, bar] = [make("button"), make("input"), make("div", "bar")];
  const strip = make("ol", "strip");
  const stage = make("div", "stage");
  const charts = make("div", "charts");
  play.type = "button";
  Object.assign(slider, { type: "range", min: 0, step: 1 });
  slider.setAttribute("aria-label", "Epoch");
  title.setAttribute("aria-hidden", "true"); // the slider says the same
  bar.append(play, slider);
  parent.append(title, bar, strip, stage, charts);

  let [data, tell, timer, rest, known, drawn] = [null, null, 0, 0, -1, []];
  const last = () => data.epochs.length - 1;
  const at = () => Number(slider.value);
  const draw = () => {
    const now = at();
    title.textContent = data.said[now];
    slider.setAttribute("aria-valuetext", data.said[now]);
    [...strip.children].forEach((each, index) => each.classList.toggle("here", index === now));
    drawn.forEach((update) => update(now));
  };
  const settle = () => {
    clearTimeout(rest);
    rest = 0;
    if (at() === known || !parent.isConnected) return;
    known = at();
    tell("chosen", data.epochs[known]);
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
  };
  const pause = () => {
    stop();
    settle();
  };
  const advance = () => {
    if (!parent.isConnected) return stop();
    slider.value = at() + 1;
    draw();
    if (at() === last()) pause();
  };
  const move = () => {
    stop();
    draw();
    clearTimeout(rest);
    rest = setTimeout(settle, REST);
  };
  play.onclick = () => {
    if (timer) return pause();
    clearTimeout(rest);
    rest = 0;
    if (at() === last()) slider.value = 0;
    draw();
    timer = setInterval(advance, STAY);
    play.textContent = "Pause";
  };
  slider.oninput = move;
  slider.onkeydown = (event) => event.stopPropagation(); // on this page the arrow keys choose a row
  stop();

  const show = (now, setTriggerValue) => {
    [data, tell] = [now, setTriggerValue];
    slider.max = last();
    if (!timer && !rest && now.at !== known) slider.value = known = now.at;
    strip.replaceChildren(
      ...now.predictions.map((predicted, index) => {
        const place = make("li", predicted === now.predictions[last()] ? "" : "other");
        place.textContent = now.classes[predicted];
        place.dataset.says = now.said[index];
        place.onclick = () => {
          slider.value = index;
          move();
        };
        return place;
      }),
    );
    strip.setAttribute("aria-label", "Predicted class after each epoch");
    readable(strip);
    drawn = [...fill(stage, [...now.panels.map(panel), bars(now)]), ...fill(charts, now.statistics.map(chart))];
    draw();
  };
  return { show };
}

// Each part is an element and a function that shows an epoch in the element.
function fill(place, parts) {
  place.replaceChildren(...parts.map(([element]) => element));
  return parts.map(([, update]) => update);
}

function panel({ title, pictures, size, mark, scale }) {
  const [figure, caption, box, image, frame] = ["figcaption", "div", "img", "i"].reduce(
    (made, tag) => [...made, make(tag)],
    [make("figure")],
  );
  caption.textContent = title;
  image.alt = "";
  box.className = "picture";
  box.style.aspectRatio = `${size[1]} / ${size[0]}`;
  const [top, left, bottom, right] = mark.map((share) => share * 100);
  Object.assign(frame.style, { top: `${top}%`, left: `${left}%`, height: `${bottom - top}%`, width: `${right - left}%` });
  box.append(image, frame);
  const bar = make("p");
  bar.innerHTML = scale; // HTML of our own
  figure.append(caption, box, bar);
  return [figure, (now) => (image.src = pictures[now])];
}

function bars({ probabilities, classes }) {
  const [figure, caption, list] = [make("figure"), make("figcaption"), make("ol", "bars")];
  caption.textContent = "Its probabilities";
  const places = classes.map((title) => {
    const [place, bar, name] = [make("li"), make("i"), make("b")];
    name.textContent = title;
    place.append(bar, name);
    return place;
  });
  list.append(...places);
  list.setAttribute("aria-label", "Its probabilities");
  readable(list);
  figure.append(caption, list);
  return [
    figure,
    (now) =>
      places.forEach((place, digit) => {
        const share = probabilities[now][digit];
        place.style.setProperty("--share", share);
        place.dataset.says = `${classes[digit]}: ${(100 * share).toFixed(1)} %`;
        place.classList.toggle("most", share === Math.max(...probabilities[now]));
      }),
  ];
}

function chart({ title, ends, lines, says, marked }) {
  const [figure, caption, value] = [make("figure"), make("figcaption"), make("b")];
  const [picture, line] = ["svg", "line"].map((tag) => document.createElementNS(SVG, tag));
  const steps = Math.max(1, says.length - 1);
  const path = (values) => values.map((share, step) => `${(100 * step) / steps},${100 - 100 * share}`).join(" ");
  const curve = (values, kind) => {
    const drawn = document.createElementNS(SVG, "polyline");
    drawn.setAttribute("points", path(values));
    drawn.setAttribute("class", kind);
    return drawn;
  };
  picture.setAttribute("viewBox", "0 0 100 100");
  picture.setAttribute("preserveAspectRatio", "none");
  picture.setAttribute("aria-hidden", "true");
  line.setAttribute("y1", 0);
  line.setAttribute("y2", 100);
  picture.append(...lines.map((values) => curve(values, "")), line, curve(lines[marked], "marked"));
  caption.append(`${title} `, value);
  const [high, low] = ends.map((end) => Object.assign(make("small"), { textContent: end }));
  figure.append(caption, high, picture, low);
  return [
    figure,
    (now) => {
      value.textContent = says[now];
      for (const end of ["x1", "x2"]) line.setAttribute(end, (100 * now) / steps);
    },
  ];
}

// The arrow keys show the values of its parts: see readout.js.
function readable(list) {
  list.dataset.reads = "";
  list.tabIndex = 0;
}

function make(tag, kind = "") {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  return made;
}
