// Closes the sidebar of a phone after a page was chosen there: it lies over the page. It shows nothing.

const PHONE = matchMedia("(max-width: 768px)"); // where Streamlit lays the sidebar over the page

export default function ({ parentElement }) {
  parentElement.stop?.();
  const close = (event) => {
    if (!PHONE.matches || !event.target.closest?.(".st-key-pages a")) return;
    document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
  };
  document.addEventListener("click", close);
  parentElement.stop = () => document.removeEventListener("click", close);
  return parentElement.stop;
}
