/* What is under the hand survives a redraw. Dash makes every element of a redrawn panel anew: without this a press whose
   button was replaced before the finger left it is lost, the keyboard starts again at the top, and a list jumps back. */
(function () {
  "use strict";
  const PRESSABLE = "button, a[href], summary, [role=button], [role=slider]";
  const FOCUSABLE = PRESSABLE + ", input, textarea, select, [tabindex]";
  const LONGEST_PRESS_MS = 3000;

  /* The same thing in the next drawing: the place with an identity it stands in, what it means and, of equals, which. */
  function mark(element) {
    const place = element.closest("[id]"), whose = element.closest("[data-acts]"), form = element.closest("[data-form]");
    const means = Object.keys(element.dataset).sort().filter((name) => name !== "words").map((name) => name + "=" + element.dataset[name]);
    const tag = element.tagName.toLowerCase();
    const key = [tag, element.getAttribute("href") || "", whose ? whose.dataset.acts : "", form ? form.dataset.form : "", ...means].join("|");
    return { place: place ? place.id : "", key: key, nth: means.length || element.id ? 0 : equals(place, element, key).indexOf(element) };
  }
  function equals(place, element, key) { return Array.from((place || document).querySelectorAll(element.tagName)).filter((other) => bare(other) === bare(element)); }
  function bare(element) { return element.tagName + "|" + element.className + "|" + (element.getAttribute("href") || ""); }
  function same(one, other) { return one.place === other.place && one.key === other.key && one.nth === other.nth; }
  function again(was, tag) {
    const place = was.place ? document.getElementById(was.place) : document;
    if (!place || (place.tagName === tag && same(mark(place), was))) return place;
    return Array.from(place.querySelectorAll(tag)).find((element) => same(mark(element), was)) || null;
  }

  /* --- a press ------------------------------------------------------------------------------------------- */
  let pressed = null;
  document.addEventListener("pointerdown", (event) => {
    const element = event.button === 0 && event.target.closest ? event.target.closest(PRESSABLE) : null;
    pressed = element ? { element: element, mark: mark(element), at: Date.now() } : null;
  }, true);
  document.addEventListener("pointerup", (event) => {
    const was = pressed;
    pressed = null;
    if (!was || was.element.isConnected) return;
    const under = document.elementFromPoint(event.clientX, event.clientY), now = under && under.closest(PRESSABLE);
    // only the very same thing: what slipped under the finger meanwhile was not meant
    if (now && same(mark(now), was.mark)) now.click();
  }, true);
  document.addEventListener("pointercancel", () => { pressed = null; }, true);

  /* --- the keyboard, and how far a list was scrolled --------------------------------------------------------- */
  let focused = null;
  const scrolled = new Map();
  document.addEventListener("focusin", (event) => {
    const element = event.target.closest && event.target.closest(FOCUSABLE);
    focused = element ? { element: element, mark: mark(element) } : null;
  });
  document.addEventListener("focusout", (event) => {
    // an element taken out of the page loses the keyboard too: that is not somebody leaving it
    const left = focused;
    setTimeout(() => { if (left && focused === left && left.element.isConnected && document.activeElement !== left.element) focused = null; }, 0);
  });
  document.addEventListener("scroll", (event) => {
    const element = event.target;
    if (!element.closest || !element.className) return;
    const place = element.closest("[id]");
    if (!place) return;
    scrolled.set(place.id + "|" + bare(element), { element: element, place: place.id, top: element.scrollTop, left: element.scrollLeft });
  }, true);
  function restore() {
    if (focused && !focused.element.isConnected && document.activeElement === document.body) {
      const now = again(focused.mark, focused.element.tagName);
      if (now) now.focus({ preventScroll: true });  // else it may come with the next drawing
    }
    for (const was of scrolled.values()) {
      if (was.element.isConnected) continue;
      const place = document.getElementById(was.place);
      const now = place && Array.from(place.querySelectorAll(was.element.tagName)).find((element) => bare(element) === bare(was.element));
      if (!now) continue;
      was.element = now;
      now.scrollTop = was.top;
      now.scrollLeft = was.left;
    }
  }
  new MutationObserver(restore).observe(document.documentElement, { childList: true, subtree: true });

  /* Whether a finger is down: what need not be redrawn now can wait until it is lifted. */
  window.CimHand = { busy: () => pressed !== null && Date.now() - pressed.at < LONGEST_PRESS_MS };
})();
