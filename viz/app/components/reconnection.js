// Requests a run each time the page reconnects to a server or changes between light and dark, and reports how many
// times it did. It shows nothing.
// The server may be another process that has no widgets of this page yet and would ignore the next click.
// The server sends each chart in the colours of the page.

export default function ({ parentElement, setStateValue }) {
  parentElement.found = (times) => setStateValue("times", times);
  if (parentElement.observer) return;
  const app = document.querySelector('[data-testid="stApp"]');
  const isConnected = () => app.dataset.testConnectionState === "CONNECTED";
  const colour = () => getComputedStyle(app).backgroundColor;
  let [connected, painted, times] = [isConnected(), colour(), 0];
  parentElement.observer = new MutationObserver(() => {
    if ((!connected && isConnected()) || painted !== colour()) parentElement.found(++times);
    [connected, painted] = [isConnected(), colour()];
  });
  parentElement.observer.observe(app, { attributeFilter: ["data-test-connection-state", "class"] });
  return () => parentElement.observer.disconnect();
}
