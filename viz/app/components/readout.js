// Shows the text of an element's `data-says` in a bubble beside it when the element is hovered, tapped or focused.
// In a list with `data-reads` the arrow keys go from one such element to the next. The component itself is invisible.
// The bubble stays beside its element, and closes when that is redrawn or leaves the page.

const EDGE = 6; // pixels between the bubble and the element, and between it and the edge of the window
const WAYS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

const within = (event, name) => event.composedPath().find((each) => name in (each.dataset ?? {}));
const focused = () => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at;
};

export default function ({ parentElement }) {
  parentElement.stop?.();
  const bubble = Object.assign(document.createElement("div"), { className: "readout", hidden: true });
  bubble.setAttribute("role", "status");
  document.querySelector('[data-testid="stApp"]').append(bubble);

  let [shown, watch] = [undefined, 0];
  const show = (element) => {
    shown = element;
    bubble.hidden = !element;
    cancelAnimationFrame(watch);
    if (!element) return;
    bubble.textContent = element.dataset.says;
    const [around, own] = [element.getBoundingClientRect(), bubble.getBoundingClientRect()];
    keep(around);
    const middle = around.left + around.width / 2 - own.width / 2;
    const above = around.top - own.height - EDGE;
    bubble.style.left = `${Math.max(EDGE, Math.min(middle, innerWidth - own.width - EDGE))}px`;
    bubble.style.top = `${above > EDGE ? above : around.bottom + EDGE}px`;
  };
  const keep = ({ x, y }) => {
    watch = requestAnimationFrame(() => {
      const now = shown.getBoundingClientRect();
      if (!shown.isConnected || !now.width) return show();
      if (now.x !== x || now.y !== y || shown.dataset.says !== bubble.textContent) return show(shown);
      keep(now);
    });
  };
  const point = (event) => {
    const element = within(event, "says");
    if (event.pointerType === "mouse" && (element !== shown || element?.dataset.says !== bubble.textContent)) show(element);
  };
  const tap = (event) => event.pointerType !== "mouse" && show(within(event, "says"));
  const reach = (event) => {
    const list = within(event, "reads");
    if (shown && list?.contains(shown)) return; // it was just tapped
    show(within(event, "says") ?? list?.querySelector("[data-says]"));
  };
  // Where the focus moves within a component, no event of it comes out: look where it is after the key.
  const followFocus = () => {
    const before = focused();
    requestAnimationFrame(() => {
      const now = focused();
      if (now !== before) show(now?.closest("[data-says]") ?? now?.closest("[data-reads]")?.querySelector("[data-says]"));
    });
  };
  const read = (event) => {
    if (event.key === "Escape") return show();
    followFocus();
    const list = event.composedPath()[0];
    const way = WAYS[event.key];
    if (!way || !("reads" in (list.dataset ?? {}))) return;
    event.stopImmediatePropagation(); // outside the list these keys choose a step
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
    show();
    listeners.forEach(([kind, listener]) => document.removeEventListener(kind, listener, true));
    bubble.remove();
  };
  return parentElement.stop;
}
