/* Checking reports (layouts/parts/report_views.py): a made one by its button, one from elsewhere chosen or dropped. It
   is made again by the server, which takes a second or two; the page goes on meanwhile and asks for what was found. */
(function () {
  "use strict";
  const shell = window.CimShell;
  const MADE = "reports--made", CHECKED = "reports--checked", SENT = "reports--sent";
  const busy = new Map();     // the path that is being asked -> what that place says when it is not

  function words(key, values) { return shell.text("js.check." + key, values); }
  async function ask(path, body, lang) {
    let response;
    try {
      const headers = body ? { "content-type": "application/zip", accept: "application/json" } : { accept: "application/json" };
      response = await fetch(path, { method: "POST", headers, body });
    } catch (error) { throw new Error(words("away")); }
    const said = await response.json().catch(() => ({}));
    if (response.ok) return said;
    throw new Error((said.reason && said.reason[lang]) || said.detail || words("failed"));
  }
  /* A list that is drawn anew while something is being checked still shows at which report. */
  function paint() {
    for (const button of document.querySelectorAll("[data-check]")) {
      const wrong = busy.get(button.dataset.check), place = button.parentElement.querySelector(".form-answer");
      button.toggleAttribute("aria-busy", false);
      if (wrong === "") button.setAttribute("aria-busy", "true");
      if (!place) continue;
      place.classList.toggle("wrong", Boolean(wrong));
      const says = wrong || (wrong === "" ? words("making") : "");
      if (place.textContent !== says) place.textContent = says;
    }
  }
  const drawnAnew = new MutationObserver(paint);
  /* The page's words come after its lists when the language is changed, and in new elements. */
  function watch() {
    if (busy.size) drawnAnew.observe(document.body, { childList: true, subtree: true, attributeFilter: ["data-texts"] });
    else drawnAnew.disconnect();
    paint();
  }
  async function check(button) {
    const path = button.dataset.check;
    if (busy.get(path) === "") return;
    busy.set(path, "");
    watch();
    try {
      await ask(path, undefined, button.dataset.lang);
      busy.delete(path);
      shell.set(CHECKED, Date.now());
    } catch (error) { busy.set(path, error.message); }
    watch();
  }

  async function send(zone, file) {
    const place = zone.querySelector(".form-answer"), button = zone.querySelector("[data-choose]");
    if (!file || button.getAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    place.classList.remove("wrong");
    place.textContent = words("sending", { name: file.name });
    shell.set(SENT, null);
    try {
      const answer = await ask(zone.dataset.drop, file, zone.dataset.lang);
      place.textContent = file.name;
      shell.set(SENT, { id: answer.id, at: answer.checked_at });
    } catch (error) {
      place.classList.add("wrong");
      place.textContent = error.message;
    }
    button.removeAttribute("aria-busy");
  }
  function choose(zone) {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = ".zip,application/zip";
    input.addEventListener("change", () => send(zone, input.files[0]));
    input.click();
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-check]"), chooser = event.target.closest("[data-choose]");
    if (button) check(button);
    if (chooser) choose(chooser.closest("[data-drop]"));
  });

  /* A file that falls beside its place must not take the page away. */
  function zoneOf(event) {
    if (!document.querySelector("[data-drop]") || !event.dataTransfer || !Array.from(event.dataTransfer.types).includes("Files")) return undefined;
    event.preventDefault();
    return event.target.closest && event.target.closest("[data-drop]");
  }
  function over(zone) {
    for (const one of document.querySelectorAll("[data-drop]")) one.classList.toggle("over", one === zone);
  }
  document.addEventListener("dragover", (event) => {
    const zone = zoneOf(event);
    if (zone === undefined) return;
    event.dataTransfer.dropEffect = zone ? "copy" : "none";
    over(zone);
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(null); });
  document.addEventListener("drop", (event) => {
    const zone = zoneOf(event);
    over(null);
    if (zone) send(zone, event.dataTransfer.files[0]);
  });
})();
