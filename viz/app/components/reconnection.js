// Requests a run each time the page reconnects to a server, and reports how many times it did. It shows nothing.
// The server may be another process that has no widgets of this page yet and would ignore the next click.

export default function ({ parentElement, setStateValue }) {
  parentElement.found = (times) => setStateValue("times", times);
  if (parentElement.observer) return;
  const app = document.querySelector('[data-testid="stApp"]');
  const isConnected = () => app.dataset.testConnectionState === "CONNECTED";
  let [connected, times] = [isConnected(), 0];
  parentElement.observer = new MutationObserver(() => {
    if (!connected && isConnected()) parentElement.found(++times);
    connected = isConnected();
  });
  parentElement.observer.observe(app, { attributeFilter: ["data-test-connection-state"] });
  return () => parentElement.observer.disconnect();
}
