// A button that prints the page.

export default function ({ data, parentElement }) {
  const button = (parentElement.button ??= parentElement.appendChild(document.createElement("button")));
  Object.assign(button, { type: "button", textContent: data.label, onclick: () => window.print() });
}
