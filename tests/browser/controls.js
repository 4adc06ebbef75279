// What a page offers to do, looked at from inside the page: shadow roots are part of it. It lies in window.controls.
// What packages draw is left out; its selector is given.
(thirdParty) => {
  const NATIVE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [contenteditable=true]";
  const ROLES = ["application", "button", "checkbox", "combobox", "link", "option", "radio", "slider", "switch", "tab"];
  const CONTROL = [NATIVE, "[tabindex='0']", ...ROLES.map((role) => `[role=${role}]`)].join(", ");
  const SCROLLED = "main, [role=region]"; // they have a tab stop, so that the arrow keys scroll them
  const OURS = "[data-testid=stHtml]";
  // Of Streamlit's own, what shows by its background alone what is chosen; our style sheet sees to it.
  const CHOSEN = "[data-testid=stSlider] *, [data-testid=stCheckbox] *, [data-testid=stProgress] *, [role=radio][aria-checked=true]";
  // Streamlit leaves these out of the walk: in the field that they belong to, arrow keys or Delete do the same.
  const NUMBER = ["StepUp", "StepDown", "ClearButton"].map((part) => `[data-testid=stNumberInput${part}]`);
  const PARTS = ["[data-testid=stSelectbox] button", ...NUMBER].join(", ");
  const LARGE = 24; // pixels, for a finger: WCAG 2.2, 2.5.8

  const parent = (each) => each.assignedSlot ?? each.parentElement ?? each.getRootNode().host ?? null;
  const has = (outer, inner) => Boolean(inner) && (outer === inner || has(outer, parent(inner)));
  const isForeign = (each) => Boolean(up(each, thirdParty));
  const up = (each, selector) => (!each || each.matches(selector) ? each : up(parent(each), selector));

  function all(root = document.body) {
    return [...root.children].flatMap((each) => [each, ...all(each.shadowRoot ?? each), ...(each.shadowRoot ? all(each) : [])]);
  }

  function isShown(each) {
    const box = each.getBoundingClientRect();
    if (!each.checkVisibility({ visibilityProperty: true }) || up(each, "[inert]")) return false;
    return box.width > 0 && box.height > 0 && box.right > 0 && box.left < innerWidth; // a folded sidebar lies beside it
  }

  let scope = "body"; // the part of the page that is looked at
  function offered() {
    const isOpen = (each) => each.matches(CONTROL) && !each.matches(":disabled, [aria-disabled=true]");
    return all(document.querySelector(scope)).filter((each) => isOpen(each) && isShown(each) && !isForeign(each));
  }

  function name(each) {
    const words = (id) => each.getRootNode().getElementById(id)?.textContent ?? "";
    const labels = [...(each.labels ?? [])].map((label) => label.textContent);
    const pictures = [...each.querySelectorAll("img[alt]")].map((image) => image.alt);
    const named = each.getAttribute("aria-labelledby")?.split(" ").map(words) ?? [];
    const found = [each.getAttribute("aria-label"), ...named, ...labels, each.textContent, ...pictures, each.title];
    return found.find((text) => text?.trim())?.trim() ?? "";
  }

  const kind = (each) => each.dataset.testid ?? (each.getAttribute("role") || each.localName);
  const say = (each) => `${kind(each)} '${name(each).slice(0, 60)}'`;

  function focused() {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at === document.body ? null : at;
  }

  // What may show that something has the focus: itself, what it consists of, and what it is drawn in.
  function drawn(each) {
    const around = [each.parentElement, each.parentElement?.parentElement].filter(Boolean);
    const beside = each.matches("input") ? [...each.parentElement.querySelectorAll("*")] : [];
    return [...new Set([each, ...around, ...beside, ...[...each.querySelectorAll("*")].slice(0, 20)])];
  }
  function look(each) {
    const style = getComputedStyle(each);
    const line = (kind) => style[`${kind}Style`] !== "none" && parseFloat(style[`${kind}Width`]) > 0 && style[`${kind}Color`];
    const sides = ["Top", "Right", "Bottom", "Left"].map((side) => line(`border${side}`));
    return JSON.stringify([line("outline"), style.boxShadow, style.backgroundColor, ...sides]);
  }
  const looks = (each) => new Map(drawn(each).map((part) => [part, look(part)]));

  // What lies on top at a point, in shadow roots too.
  function top(x, y, root = document) {
    const found = root.elementFromPoint(x, y);
    return found?.shadowRoot && found.shadowRoot !== root ? (top(x, y, found.shadowRoot) ?? found) : found;
  }

  // Streamlit draws checkboxes and sliders itself and hides the real ones: what is seen is what both lie in.
  function face(each) {
    if (!each.matches("input[type=checkbox], input[type=radio], input[type=range], input[type=file]")) return each;
    const isHidden = (part) => getComputedStyle(part).clipPath !== "none" || part.getBoundingClientRect().width < 2;
    const out = (part) => (isHidden(part.parentElement) ? out(part.parentElement) : part.parentElement);
    return each.closest("label") ?? (isHidden(each.parentElement) ? out(each.parentElement) : each);
  }

  function isSeen(each) {
    const box = face(each).getClientRects()[0] ?? new DOMRect(); // of a link in a sentence, its first line
    const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
    const [above, below] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
    if (right - left < 1 || below - above < 1) return false;
    const places = [[0.5, 0.5], [0.15, 0.5], [0.85, 0.5], [0.5, 0.15], [0.5, 0.85]];
    const hit = ([x, y]) => has(face(each), top(left + x * (right - left), above + y * (below - above)));
    return places.filter(hit).length >= 3;
  }

  const GROUP = "[role=radiogroup], [role=group], [role=tablist], [role=toolbar]";
  let [before, reached, order] = [new Map(), new Set(), []];

  // Begin at the top of a part of the page, with nothing focused.
  function begin(part) {
    scope = part;
    const start = document.createElement("span");
    start.tabIndex = -1;
    if (part === "body") document.body.prepend(start);
    else document.querySelector(part).before(start);
    start.focus();
    start.remove();
    if (!document.getElementById("at-once"))
      document.head.insertAdjacentHTML("beforeend", "<style id='at-once'>* { transition: none !important; }</style>");
    before = new Map(offered().map((each) => [each, looks(each)]));
    [reached, order] = [new Set(), all()];
    return before.size;
  }

  // What has the focus now, what is wrong with it, and how many places the arrow keys may lead to from here.
  function here() {
    const at = focused();
    if (!at || !up(at, scope)) return null;
    if (reached.size > 1 && at === reached.values().next().value) return null; // once around
    const [was, now] = [before.get(at), looks(at)];
    const wrong = [];
    if (!name(at) && !at.matches("main")) wrong.push("has no name");
    if (was && ![...now].some(([part, drawn]) => was.has(part) && was.get(part) !== drawn)) wrong.push("does not show its focus");
    if (!isSeen(at)) wrong.push("is off the screen or covered");
    const again = reached.has(at);
    reached.add(at);
    if (isForeign(at)) return { said: say(at), place: -1, wrong: [], again, members: 0 };
    const group = up(at, GROUP);
    const members = group ? [...before.keys()].filter((each) => has(group, each) && each.localName === at.localName) : [];
    return { said: say(at), place: order.indexOf(at), wrong, again, members: members.length > 1 ? members.length : 0 };
  }

  function missed() {
    return [...before.keys()].filter((each) => !reached.has(each) && each.isConnected && !each.matches(PARTS)).map(say);
  }

  const finish = () => document.getElementById("at-once").remove();

  // What answers to a pointer alone: it is no control, and lies in none and around none.
  function forMouseOnly() {
    const points = (each) => ["pointer", "crosshair", "grab", "move"].includes(getComputedStyle(each).cursor);
    const answers = (each) => each.onclick || each.onpointerdown || (points(each) && !points(parent(each) ?? document.body));
    const inControl = (each) => each && !each.matches(SCROLLED) && (each.matches(`${CONTROL}, label`) || inControl(parent(each)));
    const holds = (each) => [...all(each.shadowRoot ?? each)].some((inner) => inner.matches(CONTROL));
    const found = all().filter(
      (each) => isShown(each) && answers(each) && !inControl(each) && !holds(each) && !isForeign(each),
    );
    const called = (each) => [each.localName, ...each.classList].slice(0, 2).join(".");
    return [...new Set(found.map((each) => `${called(parent(each))} > ${each.localName}`))];
  }

  // What a finger would miss: smaller than 24 pixels, with another within a circle of 24 around its middle.
  function small() {
    const targets = [...new Set(offered().filter((each) => !each.matches(SCROLLED)).map(face))];
    const boxes = targets.map((each) => [each, each.getBoundingClientRect()]);
    const isSmall = ({ width, height }) => Math.min(width, height) < LARGE - 0.01;
    const middle = (box) => [box.left + box.width / 2, box.top + box.height / 2];
    const distance = ([x, y], box) =>
      Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
    const near = (one, other) =>
      distance(middle(one), other) < LARGE / 2 ||
      (isSmall(other) && Math.hypot(...middle(one).map((at, axis) => at - middle(other)[axis])) < LARGE);
    const inSentence = (each) =>
      each.matches("a") &&
      getComputedStyle(each).display === "inline" &&
      [...each.parentNode.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    return boxes
      .filter(([each, box]) => isSmall(box) && !inSentence(each))
      .filter(([each, box]) => boxes.some(([other, its]) => other !== each && near(box, its)))
      .map(([each, { width, height }]) => `${say(each)}: ${width.toFixed(1)} by ${height.toFixed(1)}`);
  }

  // Our own HTML and what our own components draw; the rest is Streamlit's.
  const isOurs = (each) => (each.getRootNode() !== document || each.closest(OURS)) && !isForeign(each);
  const ours = () => all().filter((each) => isShown(each) && isOurs(each));
  const called = (each) => `${each.parentElement?.className ?? ""} > ${each.localName}.${each.getAttribute("class") ?? ""}`;

  function moving() {
    const running = [document, ...all().map((each) => each.shadowRoot).filter(Boolean)].flatMap((root) => root.getAnimations());
    const lasting = (style) => [style.transitionDuration, style.animationDuration].some((each) => /[1-9]/.test(each));
    const own = ours();
    const live = running.map((each) => each.effect.target).filter((each) => own.includes(each));
    return [...new Set([...own.filter((each) => lasting(getComputedStyle(each))), ...live].map(called))];
  }

  // Colours that stand alone, without a word or a picture: where the system takes every colour, these must be left.
  function colours() {
    const clear = /^(transparent|rgba\(.*, 0\)|color\(.* \/ 0\))$/;
    const isLine = (style, kind) =>
      style[`${kind}Style`] !== "none" && parseFloat(style[`${kind}Width`]) >= 2 && !clear.test(style[`${kind}Color`]);
    const paints = (style) =>
      !clear.test(style.backgroundColor) ||
      style.backgroundImage.includes("gradient") ||
      ["outline", "borderTop", "borderLeft", "borderBottom", "borderRight"].some((kind) => isLine(style, kind));
    const found = []; // an element, and which of its pseudo-elements
    for (const each of [...ours(), ...all().filter((each) => each.matches(CHOSEN) && isShown(each))]) {
      if (each.matches("[role=radio]")) found.push([each, ""]);
      const plain = !each.matches("svg, svg *, img, canvas, button, input, a") && !each.textContent.trim() && !each.children.length;
      if (plain && paints(getComputedStyle(each))) found.push([each, ""]);
      for (const pseudo of ["::before", "::after"]) {
        const style = getComputedStyle(each, pseudo);
        if (style.content === '""' && style.backgroundImage.includes("gradient")) found.push([each, pseudo]);
      }
    }
    return found;
  }
  let alone = [];
  const noteColours = () => (alone = colours()).length;
  function lost() {
    const isTaken = ([each, pseudo]) => getComputedStyle(each, pseudo || null).forcedColorAdjust !== "none";
    return [...new Set(alone.filter(isTaken).map(([each, pseudo]) => called(each) + pseudo))];
  }

  // All that is drawn for the eye, so that a change is noticed.
  const pictures = () =>
    JSON.stringify(ours().map((each) => ["src", "href", "d", "style", "aria-pressed"].map((name) => each.getAttribute(name))));

  // What a package draws must have a name that says what it shows: of what is in it nothing is looked at.
  const unnamed = () =>
    all()
      .filter((each) => each.matches(thirdParty) && isShown(each) && !up(each, "[role=figure][aria-label], [role=img][aria-label]"))
      .map((each) => called(each));

  const unpainted = () =>
    all()
      .filter((each) => each.localName === "img" && isShown(each) && !(each.complete && each.naturalWidth))
      .map((each) => each.src.slice(0, 60));

  const focusedName = () => (focused() ? name(focused()) : "");
  const lookAt = (part) => (scope = part);
  window.controls = {
    begin, here, missed, finish, focusedName, pictures, forMouseOnly, small, moving, noteColours, lost, unnamed, unpainted, lookAt,
  };
}
