// Shows a link in a field and copies it. Where a page is not secure, a browser does not let it copy: then the link is
// selected, and the person copies it.

export default function ({ data, parentElement }) {
  const share = (parentElement.share ??= build(parentElement));
  share.show(data.link);
}

function build(parent) {
  const label = Object.assign(document.createElement("label"), { textContent: "The link of this view", htmlFor: "link" });
  const field = Object.assign(document.createElement("input"), { id: "link", readOnly: true, type: "text" });
  const copy = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy" });
  const print = Object.assign(document.createElement("button"), { type: "button", textContent: "Print" });
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  const line = document.createElement("div");
  line.append(field, copy, print);
  parent.append(label, line, said);

  copy.onclick = async () => {
    field.focus();
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = "Copied.";
    } catch {
      said.textContent = "The link is selected: copy it with Ctrl and C, or hold it on a phone.";
    }
  };
  print.onclick = () => window.print();
  field.onfocus = () => field.select();
  field.onkeydown = (event) => event.stopPropagation(); // arrow keys choose a step on some pages
  const show = (link) => {
    if (field.value === link) return;
    [field.value, said.textContent] = [link, ""];
  };
  return { show };
}
