// Fits the page into the window in the projector view. It shows nothing.
// Narrower lines make a page taller, so two ways are tried: the page as it is, made smaller; and a page that is as wide
// as the window after it was made smaller. The larger letters win.

const EDGE = 8; // pixels between the page and the lower edge of the window
const SMALLEST = 0.3;
const READABLE = 0.85; // of the view's letters: its smallest, 0.8rem, have 14 of the 720 lines then

export default function ({ data, parentElement }) {
  parentElement.stop?.();
  const main = document.querySelector('[data-testid="stMain"]');
  const found = () => main.querySelector(".st-key-page"); // a run may draw it later, or replace it
  if (!data.on) {
    if (found()) leave(found());
    return;
  }
  let [watched, frame] = [null, 0];
  const soon = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(fit); // once for all changes before the next frame
  };
  const fit = () => {
    const page = found();
    if (page && page !== watched) {
      sizes.disconnect();
      sizes.observe((watched = page));
    }
    if (page) fitInto(page, innerHeight - page.getBoundingClientRect().top - EDGE);
  };
  const [sizes, changes] = [new ResizeObserver(soon), new MutationObserver(soon)];
  changes.observe(main, { childList: true, subtree: true });
  addEventListener("resize", soon);
  parentElement.stop = () => {
    cancelAnimationFrame(frame);
    sizes.disconnect();
    changes.disconnect();
    removeEventListener("resize", soon);
  };
  fit();
  return parentElement.stop;
}

function leave(page) {
  page.classList.remove("tight");
  page.removeAttribute("style");
  delete page.fitted;
  for (const chart of charts(page)) chart.style.transform = "";
}

function charts(page) {
  return page.querySelectorAll(".js-plotly-plot .svg-container");
}

function fitInto(page, room) {
  const width = page.parentElement.clientWidth;
  const sizes = () => [page.scrollWidth, page.scrollHeight, width, Math.round(room)].join();
  if (page.fitted !== sizes()) { // else its size has changed because it was fitted, or what changed has not
    page.classList.remove("tight");
    let scale = largest(page, width, room);
    if (scale < READABLE) {
      page.classList.add("tight"); // without the texts below figures
      scale = largest(page, width, room);
    }
    page.style.transform = scale < 1 ? `scale(${scale})` : "";
    page.style.marginBottom = scale < 1 ? `${Math.floor((scale - 1) * page.scrollHeight)}px` : "";
    page.fitted = sizes();
  }
  charts(page).forEach(fill);
}

// A chart measures its place after the page was made smaller, and is drawn too small by as much.
function fill(chart) {
  const larger = chart.closest('[data-testid="stPlotlyChart"]').offsetWidth / chart.offsetWidth;
  chart.style.transform = Math.abs(larger - 1) > 0.01 ? `scale(${larger})` : "";
}

// The largest scale at which the page fits; its width is left at what that scale needs.
function largest(page, width, room) {
  const fits = (scale, wide) => {
    page.style.setProperty("--scale", scale);
    page.style.width = `${wide}px`;
    return page.scrollHeight * scale <= room && page.scrollWidth * scale <= width + 1;
  };
  if (fits(1, width)) return 1;
  const ways = [(scale) => width / scale, () => width].map((wide) => {
    let [low, high] = [SMALLEST, 1];
    for (let step = 0; step < 6; step++) {
      const middle = (low + high) / 2;
      if (fits(middle, wide(middle))) low = middle;
      else high = middle;
    }
    return { scale: low, wide: wide(low) };
  });
  const best = ways[1].scale > ways[0].scale ? ways[1] : ways[0];
  fits(best.scale, best.wide);
  return best.scale;
}
