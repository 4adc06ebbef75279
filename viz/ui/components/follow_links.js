// Follows the links in the page's HTML that lead to this same page, without loading it anew. It shows nothing.

export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.stop?.();
  const follow = (event) => {
    const link = event.target.closest?.('[data-testid="stHtml"] a[href]');
    if (!link || link.origin !== location.origin || link.pathname !== location.pathname) return;
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey) return; // a new tab is the browser's business
    event.preventDefault();
    setTriggerValue("followed", link.search);
    const shown = document.querySelector(data.show);
    const top = shown?.getBoundingClientRect().top;
    if (top < 0 || top > innerHeight) shown.scrollIntoView();
  };
  document.addEventListener("click", follow);
  parentElement.stop = () => document.removeEventListener("click", follow);
  return parentElement.stop;
}
