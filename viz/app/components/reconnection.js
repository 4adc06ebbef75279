// Asks for a run whenever the page has lost its server and found one again, or has become dark or light, and tells how
// often it has. It shows nothing.
// What answers may be another process, which knows no widget of this page yet: it would take the next click for nothing.
// And the server gives a chart the colours of the page.

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
