// A link to the first station of a lesson starts its clock again. It shows nothing.

export default function ({ parentElement }) {
  parentElement.stop?.();
  const begin = (event) => {
    const link = event.target.closest("a[href]");
    const [lesson, station] = (link && new URL(link.href).searchParams.get("lesson")?.split(".")) || [];
    if (station === "1") forget(`clock of the lesson ${lesson}`);
  };
  document.addEventListener("click", begin, true);
  parentElement.stop = () => document.removeEventListener("click", begin, true);
  return parentElement.stop;
}

function forget(name) {
  try {
    sessionStorage.removeItem(name);
  } catch {
    // without storage the clock begins again on each page
  }
}
