// Follows the links in the page's HTML that lead to this same page, without loading it anew. It shows nothing.
// And where HTML is drawn anew while a link is pressed, it clicks the link that has come instead: the browser would not.

const linkAt = (event) => event.target.closest?.('[data-testid="stHtml"] a[href]');

export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.stop?.();
  let pressed;
  const press = (event) => {
    pressed = linkAt(event);
  };
  const release = (event) => {
    const link = linkAt(event);
    const redrawn = link && pressed && !pressed.isConnected && link.href === pressed.href;
    if (redrawn && !event.button) link.dispatchEvent(new MouseEvent("click", event));
  };
  const follow = (event) => {
    const link = linkAt(event);
    if (!link || link.origin !== location.origin || link.pathname !== location.pathname) return;
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey) return; // a new tab is the browser's business
    event.preventDefault();
    setTriggerValue("followed", link.search);
    const shown = document.querySelector(data.show);
    const top = shown?.getBoundingClientRect().top;
    if (top < 0 || top > innerHeight) shown.scrollIntoView();
  };
  const listeners = { mousedown: press, mouseup: release, click: follow };
  Object.entries(listeners).forEach(([kind, listener]) => document.addEventListener(kind, listener));
  parentElement.stop = () =>
    Object.entries(listeners).forEach(([kind, listener]) => document.removeEventListener(kind, listener));
  return parentElement.stop;
}
