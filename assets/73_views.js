/* Saved views: the menu under the bookmark. What is kept is the address; the server keeps it per account. */
(function () {
  "use strict";
  const shell = window.CimShell;
  const box = () => document.querySelector(".views-box");
  const opener = () => document.querySelector("[data-views-open]");
  const field = () => document.getElementById("shell--views-name");
  const list = () => document.querySelector("[data-views-list]");
  const isOpen = () => Boolean(box()) && !box().hidden;
  let before = null, sure = null;

  function t(key, values) {
    let words = JSON.parse(box().dataset.texts)["views." + key] || "";
    for (const name in values || {}) words = words.replace("{" + name + "}", values[name]);
    return words;
  }
  function say(words) { const place = document.querySelector("[data-views-said]"); if (place) place.textContent = words || ""; }
  function make(tag, words, attributes) {
    const element = document.createElement(tag);
    if (words) element.textContent = words;
    for (const name in attributes || {}) element.setAttribute(name, attributes[name]);
    return element;
  }

  async function send(method, path, body) {
    let answer;
    try {
      answer = await fetch("/api/v1/views" + path, {
        method: method, credentials: "same-origin",
        headers: { accept: "application/json", ...(body ? { "content-type": "application/json" } : {}) },
        body: body ? JSON.stringify(body) : undefined,
      });
    } catch (error) { say(t("offline")); return null; }
    if (answer.ok) return answer.status === 204 ? {} : answer.json();
    const said = await answer.json().catch(() => ({}));
    say(t("failed", { why: (said.reason && said.reason[shell.lang()]) || said.detail || answer.status }));
    return null;
  }

  /* --- the list ---------------------------------------------------------------------------------------- */
  /* A view opens in the reader's own language. */
  function to(view) {
    const url = new URL(view.address, location.origin);
    if (shell.lang() === "en") url.searchParams.set("lang", "en"); else url.searchParams.delete("lang");
    return url.pathname + (url.search ? url.search.replace(/%3A/gi, ":") : "");
  }
  function told(view) {
    const titles = JSON.parse(box().dataset.titles), slug = view.address.split("?")[0].replace(/\//g, "");
    const parts = [titles[slug] || Object.values(titles)[0]];
    if (view.at) { const ms = Date.parse(view.at.replace(" ", "+")); parts.push(isNaN(ms) ? view.at : t("at", { at: new Date(ms + 8 * 3600e3).toISOString().slice(0, 16).replace("T", " ") })); }
    else parts.push(t("live"));
    if (view.by !== null) parts.push(t("by", { name: view.by }));
    else if (view.shared) parts.push(t("is_shared"));
    return parts.join(" · ");
  }
  function row(view, own) {
    const item = make("li", "", { class: "views-row" });
    const link = make("a", "", { href: to(view), "data-view-go": "" });
    link.append(make("span", view.name, { class: "search-title" }), make("span", told(view), { class: "search-note" + (view.at ? " is-past" : "") }));
    item.append(link);
    if (!own) return item;
    const share = make("button", t(view.shared ? "unshare" : "share"), { class: "button small", type: "button" });
    share.onclick = async () => { if (await send("PATCH", "/" + view.id, { shared: !view.shared })) { say(""); draw(); } };
    const rename = make("button", t("rename"), { class: "button small", type: "button" });
    rename.onclick = () => edit(item, view);
    const drop = make("button", t("delete"), { class: "button small", type: "button" });
    drop.onclick = async () => {
      if (sure !== view.id) { sure = view.id; drop.textContent = t("sure"); return; }
      sure = null;
      if (await send("DELETE", "/" + view.id)) { say(t("gone", { name: view.name })); await draw(); field().focus(); }
    };
    for (const one of [share, rename, drop]) one.setAttribute("aria-label", one.textContent + " " + view.name);
    const acts = make("div", "", { class: "views-acts" });
    acts.append(share, rename, drop);
    item.append(acts);
    return item;
  }
  function edit(item, view) {
    const input = make("input", "", { type: "text", maxlength: "40", class: "views-edit", "aria-label": t("rename") });
    input.value = view.name;
    item.replaceChildren(input);
    input.focus();
    input.select();
    input.onkeydown = async (event) => {
      if (event.key === "Escape") { event.stopPropagation(); draw(); }
      if (event.key === "Enter" && !event.isComposing && await send("PATCH", "/" + view.id, { name: input.value })) { say(""); draw(); }
    };
  }
  async function draw() {
    const found = await send("GET", "");
    const place = list();
    if (!found || !place) return;
    sure = null;
    const parts = [];
    if (!found.mine.length && !found.shared.length) parts.push(make("p", t("none"), { class: "caveat" }));
    for (const [key, views, own] of [["mine", found.mine, true], ["shared", found.shared, false]]) {
      if (!views.length) continue;
      const rows = make("ul");
      rows.append(...views.map((view) => row(view, own)));
      parts.push(make("h3", t(key, { n: views.length }), { class: "search-head" }), rows);
    }
    place.replaceChildren(...parts);
  }

  async function save() {
    const name = field().value.trim();
    if (!name) { say(t("nameless")); field().focus(); return; }
    const address = shell.href({ lang: null, community: new URLSearchParams(location.search).get("community") || document.getElementById("shell--bar").dataset.community || null });
    const kept = await send("POST", "", { name: name, address: address });
    if (!kept) return;
    say(t("kept", { name: kept.name }));
    write("");
    draw();
  }
  /* Dash keeps its own copy of what a field holds. */
  function write(words) {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field(), words);
    field().dispatchEvent(new Event("input", { bubbles: true }));
  }

  function open() {
    if (!box()) return;
    if (window.CimSearch) window.CimSearch.close(false);
    before = document.activeElement;
    box().hidden = false;
    opener().setAttribute("aria-expanded", "true");
    say("");
    draw();
    field().focus();
  }
  function close(back) {
    if (!isOpen()) return;
    box().hidden = true;
    opener().setAttribute("aria-expanded", "false");
    if (back) (before && before.isConnected && before !== document.body ? before : opener()).focus({ preventScroll: true });
  }

  const writes = (element) => element && element.matches && element.matches("input, textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
    if (plain && event.key === "v" && !writes(event.target) && opener()) { event.preventDefault(); if (isOpen()) close(true); else open(); return; }
    if (!isOpen() || !box().contains(event.target)) return;
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(true); }
    else if (event.key === "Enter" && event.target === field() && !event.isComposing) { event.preventDefault(); event.stopPropagation(); save(); }
    else if (event.key === "Enter") event.stopPropagation();   // the page's own next step is not meant
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-views-open]")) { if (isOpen()) close(true); else open(); return; }
    if (event.target.closest("[data-views-close]")) { close(true); return; }
    if (event.target.closest("[data-views-save]")) { save(); return; }
    const link = event.target.closest("[data-view-go]");
    if (link) {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      close(false);
      shell.visit(link.getAttribute("href"));
    } else if (isOpen() && event.target.isConnected && !box().contains(event.target)) close(false);
  });
  window.CimViews = { open, close };
})();
