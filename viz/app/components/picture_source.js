// Hands pictures that are pasted, dropped on the page or taken by a phone's camera to the file uploader, so that there
// is one path and one set of limits. Where the browser allows a page to use a camera, the button asks Python for it.

const INPUT = '[data-testid="stFileUploader"] input[type="file"]';

function hand(files) {
  const picture = [...files].find((each) => each.type.startsWith("image/") || /\.hei[cf]$/i.test(each.name));
  const input = document.querySelector(INPUT);
  if (!picture || !input) return false;
  const transfer = new DataTransfer();
  transfer.items.add(picture);
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

export default function ({ parentElement, setTriggerValue }) {
  parentElement.ask = () => setTriggerValue("camera", true);
  if (parentElement.querySelector("button")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Camera";
  const hint = document.createElement("p");
  hint.textContent = "You can also paste a picture, or drop it anywhere on the page.";
  const photo = document.createElement("input");
  Object.assign(photo, { type: "file", accept: "image/*", hidden: true });
  photo.setAttribute("capture", "environment"); // browsers of desktops have no such property
  photo.onchange = () => hand(photo.files);
  button.onclick = () => (isSecureContext && navigator.mediaDevices ? parentElement.ask() : photo.click());
  parentElement.append(button, hint, photo);

  const overUploader = (event) => event.target.closest?.('[data-testid="stFileUploader"]');
  const listeners = {
    paste: (event) => hand(event.clipboardData?.files ?? []) && event.preventDefault(),
    dragover: (event) => {
      if (!overUploader(event) && event.dataTransfer?.types.includes("Files")) event.preventDefault();
    },
    drop: (event) => {
      if (!overUploader(event) && hand(event.dataTransfer?.files ?? [])) event.preventDefault();
    },
  };
  Object.entries(listeners).forEach(([kind, listener]) => document.addEventListener(kind, listener));
  return () => Object.entries(listeners).forEach(([kind, listener]) => document.removeEventListener(kind, listener));
}
