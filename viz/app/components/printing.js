// Tells the style sheet for print how much smaller than the window the paper is, so that charts fit: they keep the size
// in pixels that they were drawn in. It shows nothing.

const PAPER = 976; // pixels across A4 within its margins, on the scale of the sheet for print

export default function ({ parentElement }) {
  parentElement.stop?.();
  const fit = () => {
    const main = document.querySelector('[data-testid="stMainBlockContainer"]');
    const style = main && getComputedStyle(main);
    const width = main ? main.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) : PAPER;
    document.documentElement.style.setProperty("--print-zoom", Math.min(1, PAPER / width));
  };
  const paper = matchMedia("print");
  const turn = () => paper.matches || fit(); // the width is that of the window, so it is taken before the sheet applies
  fit();
  addEventListener("resize", turn);
  addEventListener("beforeprint", turn);
  parentElement.stop = () => {
    removeEventListener("resize", turn);
    removeEventListener("beforeprint", turn);
  };
  return parentElement.stop;
}
