// A pad to draw on. It keeps the strokes, shows them, and sends them while the pen moves.
// What the network reads is drawn anew from the strokes in Python; this canvas is only what the hand sees.

const SEND_EVERY = 150; // milliseconds, while the pen is down
const SMALLEST_STEP = 1 / 80; // of the pad, between two points that are kept

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
    pad.send(!pad.drawing); // whoever answers now may have heard of nothing
  }
  // What Python says counts, unless the hand is at work or has sent something that Python has not seen yet.
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
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Drawing pad: draw a digit with mouse, pen or finger. Control Z undoes a stroke.");
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

  const pad = { canvas, undo, clear, strokes: [], sequence, reconnected, drawing: false, sent: 0 };
  const change = (strokes) => {
    pad.strokes = strokes;
    paint(pad);
    pad.send(true);
  };
  undo.onclick = () => change(pad.strokes.slice(0, -1));
  clear.onclick = () => change([]);
  canvas.onkeydown = (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "z" || !pad.strokes.length) return;
    event.preventDefault();
    change(pad.strokes.slice(0, -1));
  };
  canvas.onpointerdown = (event) => {
    if (event.button !== 0 || pad.drawing) return;
    canvas.setPointerCapture(event.pointerId);
    pad.drawing = true;
    pad.strokes = [...pad.strokes, [place(canvas, event)]];
    paint(pad);
  };
  canvas.onpointermove = (event) => {
    if (!pad.drawing) return;
    const stroke = pad.strokes.at(-1);
    for (const each of event.getCoalescedEvents?.() ?? [event]) {
      const [x, y] = place(canvas, each);
      const [lastX, lastY] = stroke.at(-1);
      if (Math.hypot(x - lastX, y - lastY) >= SMALLEST_STEP) stroke.push([x, y]);
    }
    paint(pad);
    if (performance.now() - pad.sent > SEND_EVERY) pad.send(false);
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (!pad.drawing) return;
    pad.drawing = false;
    pad.send(true);
  };
  return pad;
}

function place(canvas, event) {
  const box = canvas.getBoundingClientRect();
  const share = (value) => Math.round(Math.min(Math.max(value, 0), 1) * 1000) / 1000;
  return [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
}

function paint({ canvas, strokes, pen, undo, clear }) {
  const brush = canvas.getContext("2d");
  const side = canvas.width;
  brush.fillStyle = "#000";
  brush.fillRect(0, 0, side, side);
  brush.strokeStyle = "#fff";
  brush.lineWidth = pen * side;
  brush.lineCap = brush.lineJoin = "round";
  for (const stroke of strokes) {
    brush.beginPath();
    stroke.forEach(([x, y]) => brush.lineTo(x * side, y * side));
    if (stroke.length === 1) brush.lineTo(stroke[0][0] * side + 0.01, stroke[0][1] * side);
    brush.stroke();
  }
  undo.disabled = clear.disabled = strokes.length === 0;
}
