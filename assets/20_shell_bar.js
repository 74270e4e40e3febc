/* The top bar moves together, shortens the community's name, and takes a second line, when its contents need it: what
   stands in it (a badge, another language, larger letters, a longer name) decides, not the width of the screen. */
(() => {
  "use strict";
  const TIGHTER = ["data-close", "data-bare", "data-tight", "data-wrapped"];
  const NAME_REM = 9; /* a name cut to this much is still known, and whole in its tooltip */

  /* Whether something in the bar's one line has no room: it ends beyond the bar, or the name has no place. */
  function crowded(bar) {
    const box = bar.getBoundingClientRect();
    const end = box.right - parseFloat(getComputedStyle(bar).paddingRight) + 1;
    const inLine = [...bar.children].filter((child) => getComputedStyle(child).position !== "absolute");
    const known = NAME_REM * parseFloat(getComputedStyle(document.documentElement).fontSize);
    const cut = (part) => part.scrollWidth > part.clientWidth + 1;
    return inLine.some((child) => child.getBoundingClientRect().right > end)
      || [...bar.querySelectorAll(".brand-in")].some(cut)
      || [...bar.querySelectorAll(".brand-in b")].some((name) => cut(name) && (name.clientWidth < known || !bar.hasAttribute("data-tight")));
  }

  function fit(bar) {
    for (const step of TIGHTER) bar.removeAttribute(step);
    for (const step of TIGHTER) if (crowded(bar)) bar.setAttribute(step, "");
  }

  /* The bar is drawn anew with each page and language: one observer follows whichever is there. */
  let followed = null;
  let wanted = 0;
  const soon = () => { wanted = wanted || requestAnimationFrame(() => { wanted = 0; if (followed) fit(followed); }); };
  const sizes = new ResizeObserver(soon);
  /* The clock moves every second and its place has a fixed width. */
  const ticks = ({ target }) => (target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement)?.closest(".when");
  const contents = new MutationObserver((changes) => { if (!changes.every(ticks)) soon(); });

  function follow() {
    const bar = document.getElementById("shell--bar");
    if (bar === followed) return;
    sizes.disconnect();
    contents.disconnect();
    followed = bar;
    if (!bar) return;
    sizes.observe(bar);
    sizes.observe(document.documentElement);
    contents.observe(bar, { childList: true, subtree: true, characterData: true });
    soon();
  }

  new MutationObserver(follow).observe(document.documentElement, { childList: true, subtree: true });
  new MutationObserver(soon).observe(document.body || document.documentElement, { attributes: true, attributeFilter: ["data-past"] });
  follow();
})();
