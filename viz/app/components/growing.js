// The box of one unit after each row, on the digit: to play, to pause, or to go through by hand, all in the browser.

const STAY = 900; // milliseconds for each row
const SVG = "http://www.w3.org/2000/svg";

export default function ({ data, parentElement }) {
  const player = (parentElement.player ??= build(parentElement));
  player.show(data);
}

function build(parent) {
  const [picture, image, box] = ["svg", "image", "rect"].map((tag) => document.createElementNS(SVG, tag));
  picture.setAttribute("aria-hidden", "true"); // the slider says the same
  picture.append(image, box);
  const title = make("p");
  const play = make("button");
  const slider = make("input");
  const bar = make("div");
  bar.className = "bar";
  play.type = "button";
  Object.assign(slider, { type: "range", min: 0, step: 1, value: 0 });
  slider.setAttribute("aria-label", "Row");
  bar.append(play, slider);
  parent.append(title, picture, bar);

  let [data, timer] = [null, 0];
  const last = () => data.frames.length - 1;
  const draw = () => {
    const { text, box: [top, left, bottom, right] } = data.frames[slider.value];
    title.textContent = text;
    slider.setAttribute("aria-valuetext", text);
    const place = { x: left, y: top, width: right - left, height: bottom - top };
    for (const [name, value] of Object.entries(place)) {
      box.setAttribute(name, value); // what it is
      box.style[name] = `${value}px`; // and how it glides there
    }
  };
  const pause = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
  };
  const advance = () => {
    if (!parent.isConnected) return pause();
    slider.value = Number(slider.value) + 1;
    draw();
    if (Number(slider.value) === last()) pause();
  };
  play.onclick = () => {
    if (timer) return pause();
    if (Number(slider.value) === last()) [slider.value] = [0];
    draw();
    timer = setInterval(advance, STAY);
    play.textContent = "Pause";
  };
  slider.oninput = () => {
    pause();
    draw();
  };
  slider.onkeydown = (event) => event.stopPropagation(); // on this page the arrow keys go from step to step
  pause();

  const show = (now) => {
    data = now;
    slider.max = last();
    const [height, width] = data.image;
    picture.setAttribute("viewBox", `-1 -1 ${width + 2} ${height + 2}`);
    picture.style.setProperty("--line", data.colour);
    image.setAttribute("width", width);
    image.setAttribute("height", height);
    if (image.getAttribute("href") !== data.picture) image.setAttribute("href", data.picture);
    draw();
  };
  return { show };
}

function make(tag) {
  return document.createElement(tag);
}
