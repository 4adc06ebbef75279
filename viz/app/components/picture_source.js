// A button for the camera. Where the browser lets a page use one, it asks Python for it; else it opens a phone's own.

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
  photo.onchange = () => document.dispatchEvent(new CustomEvent("picture", { detail: photo.files[0] }));
  button.onclick = () => (isSecureContext && navigator.mediaDevices ? parentElement.ask() : photo.click());
  parentElement.append(button, hint, photo);
}
