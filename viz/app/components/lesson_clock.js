// The time since a station and its lesson began, against the planned minutes. It runs in the browser and asks for no
// run. The browser's tab keeps it through page changes; after a pause, and with the lesson, it begins again.

const PAUSE = 15 * 60_000; // milliseconds; who comes back after so long begins the lesson again

export default function ({ data, parentElement }) {
  clearInterval(parentElement.timer);
  const name = `clock of the lesson ${data.lesson}`;
  let clock = parentElement.querySelector(".clock");
  if (!clock) {
    clock = Object.assign(document.createElement("button"), { className: "clock", type: "button" });
    clock.title = "Start the clock again";
    parentElement.append(clock);
  }
  const restart = () => ({ began: Date.now() - data.done * 60_000, at: Date.now(), station: data.station });
  let kept = read(name);
  if (!kept || Date.now() - kept.seen > PAUSE) kept = restart();
  if (kept.station !== data.station) kept = { ...kept, at: Date.now(), station: data.station };
  let saved = false;
  const tick = () => {
    if (saved && !read(name)) {
      if (data.done > 0) return; // a link that begins the lesson has removed it: the first station's page follows
      kept = restart();
    }
    kept.seen = Date.now();
    saved = write(name, kept);
    const [here, all] = [kept.seen - kept.at, kept.seen - kept.began];
    clock.textContent = `${said(here)} of ${data.minutes} min · lesson ${said(all)} of ${data.total} min`;
    clock.classList.toggle("late", here > data.minutes * 60_000);
  };
  clock.onclick = () => {
    kept = restart();
    tick();
  };
  tick();
  parentElement.timer = setInterval(tick, 1000);
  return () => clearInterval(parentElement.timer);
}

function said(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function read(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name));
  } catch {
    return null; // no storage, or nothing that can be read
  }
}

function write(name, kept) {
  try {
    sessionStorage.setItem(name, JSON.stringify(kept));
    return true;
  } catch {
    return false; // without storage the clock begins again on each page
  }
}
