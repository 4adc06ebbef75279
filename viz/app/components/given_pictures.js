// Takes pictures that are pasted or dropped anywhere on a page and hands them to the file uploader, so that there is
// one path and one set of limits. Where the picker shows another source of digits, it chooses the uploader first.
// Others give it a picture by an event of the document, "picture". It shows nothing.

const UPLOADER = '[data-testid="stFileUploader"]';
const PICKER = ".st-key-picker"; // in the sidebar, or on the page
const OURS = `${PICKER} ${UPLOADER}`; // a page may have one for other files
const LONGEST = 10_000; // milliseconds that an uploader is waited for

const isPicture = (file) => file.type.startsWith("image/") || /\.hei[cf]$/i.test(file.name);

function hand(picture) {
  const input = document.querySelector(`${OURS} input[type="file"]`);
  if (!input) return false;
  const transfer = new DataTransfer();
  transfer.items.add(picture);
  input.files = transfer.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

function give(picture, source) {
  if (hand(picture)) return;
  const choices = [...document.querySelectorAll(`${PICKER} [role="radio"]`)];
  choices.find((each) => each.textContent.trim() === source)?.click();
  const observer = new MutationObserver(() => hand(picture) && observer.disconnect());
  observer.observe(document.body, { subtree: true, childList: true });
  setTimeout(() => observer.disconnect(), LONGEST);
}

export default function ({ data, parentElement }) {
  parentElement.stop?.();
  const take = (event, files) => {
    const picture = [...(files ?? [])].find(isPicture);
    if (!picture || event.target.closest?.(UPLOADER)) return;
    event.preventDefault();
    give(picture, data.source);
  };
  const listeners = {
    paste: (event) => take(event, event.clipboardData?.files),
    dragover: (event) => {
      if (!event.target.closest?.(UPLOADER) && event.dataTransfer?.types.includes("Files")) event.preventDefault();
    },
    drop: (event) => take(event, event.dataTransfer?.files),
    picture: (event) => give(event.detail, data.source),
  };
  Object.entries(listeners).forEach(([kind, listener]) => document.addEventListener(kind, listener));
  parentElement.stop = () =>
    Object.entries(listeners).forEach(([kind, listener]) => document.removeEventListener(kind, listener));
  return parentElement.stop;
}
