// A drawing pad for pointer and keyboard. It stores and shows the strokes, and sends them while the pen moves.
// Python draws the network's input from the strokes; this canvas is only a preview.

const SEND_EVERY = 150; // milliseconds, while the pen is down
const SMALLEST_STEP = 1 / 160; // as a share of the pad; closer points are dropped; a small drawing needs some
const KEY_STEP = 1 / 28; // as a share of the pad, for each press of an arrow key
const WAYS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export default function ({ data, parentElement, setTriggerValue }) {
  const pad = (parentElement.pad ??= build(parentElement, data));
  pad.pen = data.pen;
  pad.send = (done) => {
    pad.sent = performance.now();
    pad.sequence += 1;
    setTriggerValue("ink", { strokes: pad.strokes, done, sequence: pad.sequence });
  };
  if (data.reconnected !== pad.reconnected) {
    pad.reconnected = data.reconnected;
    pad.send(!pad.drawing); // the server may be another process that has no strokes yet
  }
  // Take the strokes from Python, unless the user is drawing or has sent strokes that Python has not received yet.
  if (!pad.drawing && data.sequence === pad.sequence && data.code !== pad.code) {
    pad.strokes = data.strokes;
    pad.code = data.code;
  }
  paint(pad);
}

function build(parent, { sequence, reconnected }) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 448;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application"); // so that screen readers pass the keys on
  canvas.setAttribute(
    "aria-label",
    "Drawing pad: draw a digit with mouse, pen or finger. The arrow keys move a pen, the space bar lowers and lifts it. " +
      "Control Z undoes a stroke.",
  );
  const [undo, clear] = ["Undo", "Clear"].map((text) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    return button;
  });
  const tools = document.createElement("div");
  tools.className = "tools";
  tools.append(undo, clear);
  parent.append(canvas, tools);

  const pad = { canvas, undo, clear, strokes: [], sequence, reconnected, drawing: false, sent: 0, byKeys: false, at: [0.5, 0.5], soon: null };
  const change = (strokes) => {
    pad.drawing = false;
    pad.strokes = strokes;
    paint(pad);
    pad.send(true);
  };
  undo.onclick = () => change(pad.strokes.slice(0, -1));
  clear.onclick = () => change([]);
  const lower = (point) => {
    pad.drawing = true;
    pad.strokes = [...pad.strokes, [point]];
    paint(pad);
  };
  const move = (points) => {
    if (!pad.drawing) return;
    const stroke = pad.strokes.at(-1);
    for (const [x, y] of points) {
      const [lastX, lastY] = stroke.at(-1);
      if (Math.hypot(x - lastX, y - lastY) >= SMALLEST_STEP) stroke.push([x, y]);
    }
    paint(pad);
    sendSoon();
  };
  // A pen that rests moves no more: what it drew last is sent too.
  const sendSoon = () => {
    pad.soon ??= setTimeout(
      () => {
        pad.soon = null;
        if (pad.drawing) pad.send(false);
      },
      pad.sent + SEND_EVERY - performance.now(),
    );
  };
  const lift = () => {
    if (!pad.drawing) return;
    pad.drawing = false;
    pad.send(true);
  };
  canvas.onpointerdown = (event) => {
    if (event.button !== 0 || pad.drawing) return;
    canvas.setPointerCapture(event.pointerId);
    pad.byKeys = false;
    lower(place(canvas, event));
  };
  canvas.onpointermove = (event) => {
    if (!pad.byKeys) move((event.getCoalescedEvents?.() ?? [event]).map((each) => place(canvas, each)));
  };
  canvas.onpointerup = canvas.onpointercancel = lift;
  canvas.onkeydown = (event) => {
    const way = WAYS[event.key];
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && pad.strokes.length) change(pad.strokes.slice(0, -1));
    else if (pad.byKeys && event.key === " ") pad.drawing ? lift() : lower(pad.at);
    else if (pad.byKeys && way) {
      pad.at = pad.at.map((at, axis) => share(at + way[axis] * KEY_STEP));
      move([pad.at]);
    } else return;
    event.stopPropagation(); // on some pages the arrow keys choose a row
    event.preventDefault();
    paint(pad);
  };
  canvas.onfocus = () => {
    pad.byKeys = canvas.matches(":focus-visible"); // after a click the page's own shortcuts work
    paint(pad);
  };
  canvas.onblur = () => {
    lift();
    pad.byKeys = false;
    paint(pad);
  };
  return pad;
}

function share(value) {
  return Math.round(Math.min(Math.max(value, 0), 1) * 1000) / 1000;
}

function place(canvas, event) {
  const box = canvas.getBoundingClientRect();
  return [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
}

function paint({ canvas, strokes, pen, undo, clear, byKeys, at, drawing }) {
  const brush = canvas.getContext("2d");
  const side = canvas.width;
  const colour = (name) => getComputedStyle(canvas).getPropertyValue(`--${name}`);
  brush.fillStyle = colour("black");
  brush.fillRect(0, 0, side, side);
  brush.strokeStyle = colour("white");
  brush.lineWidth = pen * side;
  brush.lineCap = brush.lineJoin = "round";
  for (const stroke of strokes) {
    brush.beginPath();
    stroke.forEach(([x, y]) => brush.lineTo(x * side, y * side));
    if (stroke.length === 1) brush.lineTo(stroke[0][0] * side + 0.01, stroke[0][1] * side);
    brush.stroke();
  }
  if (!strokes.length) {
    brush.fillStyle = colour("muted");
    brush.font = `${side / 14}px ${colour("st-font")}`;
    brush.textAlign = "center";
    brush.fillText("Draw a digit here", side / 2, side / 2);
  }
  if (byKeys) {
    brush.strokeStyle = colour(drawing ? "highlight" : "muted");
    brush.lineWidth = drawing ? 8 : 4;
    brush.beginPath();
    brush.arc(at[0] * side, at[1] * side, (pen * side) / 2 + 4, 0, 2 * Math.PI);
    brush.stroke();
  }
  undo.disabled = clear.disabled = strokes.length === 0;
}
