/* Words that are cut off are whole under the pointer, and for whoever comes with the keyboard: the browser says them. */
(function () {
  "use strict";
  const cut = (element) => {
    const style = getComputedStyle(element);
    if (style.overflowX !== "hidden" && style.overflowX !== "clip") return false;
    return element.scrollWidth > element.clientWidth + 1 || (style.webkitLineClamp !== "none" && element.scrollHeight > element.clientHeight + 1);
  };
  function tell(event) {
    for (let element = event.target; element instanceof HTMLElement && element !== document.body; element = element.parentElement) {
      if (element.title && !element.dataset.whole) return;  // something better is said already
      if (element.dataset.whole) { element.removeAttribute("title"); delete element.dataset.whole; }
      const words = element.textContent.trim();
      if (words && words.length < 300 && cut(element)) { element.title = words; element.dataset.whole = "1"; return; }
    }
  }
  document.addEventListener("pointerover", tell, { passive: true });
  document.addEventListener("focusin", tell);
})();
