// Links to all pages, in groups. A click opens a page without reloading the app. On a phone it also closes the sidebar,
// which covers the page.

const PHONE = matchMedia("(max-width: 768px)"); // where the sidebar covers the page

export default function ({ data, parentElement, setTriggerValue }) {
  if (!parentElement.querySelector("nav")) parentElement.append(navigation(data.groups));
  parentElement.querySelectorAll("a").forEach((link) => {
    const { path } = link.dataset;
    link.href = `${path}${data.query}`;
    if (path === data.current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    link.onclick = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return; // the browser opens a new tab
      event.preventDefault();
      setTriggerValue("opened", path);
      if (PHONE.matches) document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
    };
  });
}

function navigation(groups) {
  const root = document.createElement("nav");
  root.setAttribute("aria-label", "Pages");
  root.append(...groups.flatMap(({ name, pages }) => [heading(name), ...pages.map(entry)]));
  return root;
}

function heading(name) {
  const made = document.createElement("p");
  made.textContent = name;
  return made;
}

function entry({ path, title, icon, shows }) {
  const link = document.createElement("a");
  link.dataset.path = path;
  link.title = shows;
  const symbol = document.createElement("span");
  symbol.setAttribute("aria-hidden", "true");
  symbol.textContent = icon; // the font draws a word as its symbol
  link.append(symbol, title);
  return link;
}
