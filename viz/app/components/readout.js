// Says what an element with `data-says` holds, in a bubble beside it: where it is pointed at, tapped, or reached with Tab.
// In a list with `data-reads` the arrow keys go from one such element to the next. The component itself shows nothing.

const EDGE = 6; // pixels between the bubble and the element, and between it and the edge of the window
const WAYS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

const within = (event, name) => event.composedPath().find((each) => name in (each.dataset ?? {}));

export default function ({ parentElement }) {
  parentElement.stop?.();
  const bubble = Object.assign(document.createElement("div"), { className: "readout", hidden: true });
  bubble.setAttribute("role", "status");
  document.querySelector('[data-testid="stApp"]').append(bubble);

  let shown;
  const show = (element) => {
    shown = element;
    bubble.hidden = !element;
    if (!element) return;
    bubble.textContent = element.dataset.says;
    const [around, own] = [element.getBoundingClientRect(), bubble.getBoundingClientRect()];
    const middle = around.left + around.width / 2 - own.width / 2;
    const above = around.top - own.height - EDGE;
    bubble.style.left = `${Math.max(EDGE, Math.min(middle, innerWidth - own.width - EDGE))}px`;
    bubble.style.top = `${above > EDGE ? above : around.bottom + EDGE}px`;
  };
  const point = (event) => {
    const element = within(event, "says");
    if (event.pointerType === "mouse" && (element !== shown || element?.dataset.says !== bubble.textContent)) show(element);
  };
  const tap = (event) => event.pointerType !== "mouse" && show(within(event, "says"));
  const reach = (event) => {
    const list = within(event, "reads");
    if (shown && list?.contains(shown)) return; // a finger has just tapped it
    show(within(event, "says") ?? list?.querySelector("[data-says]"));
  };
  const read = (event) => {
    if (event.key === "Escape") return show();
    const list = event.composedPath()[0];
    const way = WAYS[event.key];
    if (!way || !("reads" in (list.dataset ?? {}))) return;
    event.stopImmediatePropagation(); // elsewhere on the page these keys go from step to step
    event.preventDefault();
    const every = [...list.querySelectorAll("[data-says]")];
    const next = every[every.indexOf(shown) + way];
    if (next) show(next);
  };
  const leave = () => show();
  const stay = () => show(shown?.isConnected ? shown : undefined);

  const pointer = { pointerover: point, pointermove: point, pointerdown: tap };
  const listeners = Object.entries({ ...pointer, focusin: reach, focusout: leave, keydown: read, scroll: stay });
  listeners.forEach(([kind, listener]) => document.addEventListener(kind, listener, true));
  parentElement.stop = () => {
    listeners.forEach(([kind, listener]) => document.removeEventListener(kind, listener, true));
    bubble.remove();
  };
  return parentElement.stop;
}
