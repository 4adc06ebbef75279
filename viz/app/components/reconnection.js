// Asks for a run whenever the page has lost its server and found one again, and tells how often it has. It shows nothing.
// What answers may be another process, which knows no widget of this page yet: it would take the next click for nothing.

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
