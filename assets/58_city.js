/* The map of communities on the City page: outlines fetched once, coloured anew with each answer. No tiles, no internet.
   Data come with the page in [data-city-data]; what is chosen goes into the page's stores. */
(() => {
  "use strict";
  const NS = "http://www.w3.org/2000/svg";
  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const kept = new Map();  // outlines by address: they do not change under it
  let current = null, said = null, due = null;

  function make(name, values, into) {
    const found = document.createElementNS(NS, name);
    for (const key in values) found.setAttribute(key, values[key]);
    if (into) into.append(found);
    return found;
  }
  const named = (one, lang) => (lang === "en" && one.name_en) || one.name;
  function shapesOf(url) {
    if (!kept.has(url)) kept.set(url, fetch(url).then((answer) => { if (!answer.ok) throw new Error(String(answer.status)); return answer.json(); }));
    return kept.get(url);
  }

  class CityMap {
    constructor(host) {
      this.host = host;
      this.svg = make("svg", { class: "city-svg", role: "group" });
      this.tip = document.createElement("div");
      this.tip.className = "city-tip";
      this.tip.hidden = true;
      host.replaceChildren(this.svg, this.tip);
      this.listen();
    }
    dispose() { this.svg.remove(); this.tip.remove(); }

    async show(data) {
      this.data = data;
      const url = data.shapes, shapes = await shapesOf(url);
      if (this.data !== data) return;
      if (this.url !== url) { this.url = url; this.draw(shapes); }
      this.paint();
      if (this.part !== data.part || !this.seen) { this.part = data.part; this.frame(this.boxOf(data.part), Boolean(this.seen)); this.seen = true; }
      this.host.dataset.ready = String(shapes.communities.length);
      requestAnimationFrame(() => setTimeout(() => window.CimShell.set(data.stores.drawn, "1"), 0));
    }

    draw(shapes) {
      const { lang, words } = this.data;
      this.shapes = shapes;
      this.svg.replaceChildren();
      this.svg.setAttribute("aria-label", words.map);
      const defs = make("defs", {}, this.svg);
      const pattern = make("pattern", { id: "city-hatch", width: 12, height: 12, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, defs);
      make("rect", { width: 12, height: 12, class: "hatch-ground" }, pattern);
      make("rect", { width: 5, height: 12, class: "hatch-line" }, pattern);
      this.layer = make("g", { class: "city-communities" }, this.svg);
      this.paths = new Map();
      for (const one of shapes.communities) {
        const path = make("path", { d: one.d, "data-id": one.id }, this.layer);
        this.paths.set(one.id, { path, one });
      }
      make("path", { d: shapes.water, class: "city-water" }, this.svg);
      const edges = make("g", { class: "city-edges" }, this.svg);
      for (const level of ["subdistrict", "district"]) {
        for (const one of shapes.divisions) if (one.level === level) make("path", { d: one.d, class: level }, edges);
      }
      make("path", { d: shapes.houses, class: "city-houses" }, this.svg);
      this.svg.classList.toggle("few", Boolean(shapes.houses));
      this.bottoms = make("g", { class: "city-bottoms" }, this.svg);
      this.chosenEdge = make("path", { class: "city-chosen-edge" }, this.svg);
      this.labels = make("g", { class: "city-labels" }, this.svg);
      for (const one of shapes.divisions) {
        const text = make("text", { x: one.at[0], y: one.at[1], class: one.level, "data-part": one.id, "data-parent": one.parent }, this.labels);
        text.textContent = named(one, lang).replace(/ (District|Subdistrict)$/, "");
      }
      for (const one of shapes.houses ? shapes.communities : []) {
        make("text", { x: one.at[0], y: one.at[1], class: "district community" }, this.labels).textContent = named(one, lang);
      }
    }

    paint() {
      const { classes, part, bottom, words, lang } = this.data;
      const last = new Set(bottom), marks = [];
      for (const [id, { path, one }] of this.paths) {
        const level = classes[id], outside = part && one.part !== part && one.district !== part;
        path.setAttribute("class", (level === null || level === undefined ? "unknown" : "city-" + level) + (outside ? " outside" : ""));
        if (last.has(id) && !outside) marks.push(one.d);
      }
      this.bottoms.replaceChildren();
      make("path", { d: marks.join("") }, this.bottoms);
      for (const text of this.labels.children) {
        const inside = part ? text.dataset.parent === part : text.classList.contains("district");
        if (!text.classList.contains("community")) text.toggleAttribute("hidden", !inside && text.dataset.part !== part);
      }
      this.svg.setAttribute("aria-label", `${words.map}: ${words.figure}`);
      this.lang = lang;
    }

    boxOf(part) {
      const [wide, high] = this.shapes.size;
      let box = { x: 0, y: 0, width: wide, height: high };
      if (part) {
        const inside = [...this.paths.values()].filter(({ one }) => one.part === part || one.district === part).map(({ path }) => path.getBBox());
        if (inside.length) {
          const x = Math.min(...inside.map((b) => b.x)), y = Math.min(...inside.map((b) => b.y));
          box = { x, y, width: Math.max(...inside.map((b) => b.x + b.width)) - x, height: Math.max(...inside.map((b) => b.y + b.height)) - y };
        }
      }
      const room = Math.max(box.width, box.height) * (this.shapes.houses ? 0.14 : 0.04) + 1;
      return [box.x - room, box.y - room, box.width + 2 * room, box.height + 2 * room];
    }
    frame(to, slowly) {
      const from = this.box || to, began = performance.now();
      this.box = to;
      if (!slowly || calm()) { this.view(to); return; }
      const step = (now) => {
        const k = Math.min(1, (now - began) / 450), e = 1 - (1 - k) ** 3;
        this.view(from.map((v, n) => v + (to[n] - v) * e));
        if (k < 1 && this.box === to) requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    }
    view(box) {
      this.svg.setAttribute("viewBox", box.map((v) => v.toFixed(1)).join(" "));
      // names and edges keep their size on screen
      const unit = Math.max(box[2] / (this.host.clientWidth || 1), box[3] / (this.host.clientHeight || 1));
      this.svg.style.setProperty("--unit", unit.toFixed(3));
    }

    listen() {
      const at = (event) => event.target.closest && event.target.closest("path[data-id]");
      this.svg.addEventListener("pointermove", (event) => {
        if (this.drag) { this.pan(event); return; }
        const path = at(event);
        if (!path) { this.tip.hidden = true; return; }
        this.tell(path.dataset.id, event);
      });
      this.svg.addEventListener("pointerleave", () => { this.tip.hidden = true; });
      this.svg.addEventListener("pointerdown", (event) => { if (event.button === 0) this.drag = { x: event.clientX, y: event.clientY, box: this.box, far: false }; });
      window.addEventListener("pointerup", () => { this.moved = Boolean(this.drag && this.drag.far); this.drag = null; });
      this.svg.addEventListener("click", (event) => {
        if (this.moved || !this.data) return;
        const path = at(event), label = event.target.closest && event.target.closest("text[data-part]");
        if (label) window.CimShell.set(this.data.stores.part, label.dataset.part);
        else if (path) this.choose(path.dataset.id);
      });
      this.svg.addEventListener("dblclick", (event) => {
        const path = at(event);
        if (!path || !this.data) return;
        const { one } = this.paths.get(path.dataset.id);
        window.CimShell.set(this.data.stores.part, this.data.part === one.district ? one.part : one.district);
      });
      this.svg.addEventListener("wheel", (event) => {
        if (!this.box) return;
        event.preventDefault();
        const box = this.svg.getBoundingClientRect(), k = Math.exp(event.deltaY * 0.0015), [x, y, w, h] = this.box;
        const whole = this.boxOf(null), wide = Math.min(Math.max(w * k, whole[2] / 60), whole[2] * 1.2), real = wide / w;
        const scale = Math.max(w / box.width, h / box.height);
        const px = x + w / 2 + (event.clientX - box.left - box.width / 2) * scale, py = y + h / 2 + (event.clientY - box.top - box.height / 2) * scale;
        this.box = [px - (px - x) * real, py - (py - y) * real, w * real, h * real];
        this.view(this.box);
      }, { passive: false });
    }
    pan(event) {
      const { x, y, box, far } = this.drag, rect = this.svg.getBoundingClientRect();
      const scale = Math.max(box[2] / rect.width, box[3] / rect.height), dx = event.clientX - x, dy = event.clientY - y;
      if (!far && Math.hypot(dx, dy) < 5) return;
      this.drag.far = true;
      this.box = [box[0] - dx * scale, box[1] - dy * scale, box[2], box[3]];
      this.view(this.box);
    }
    choose(id) {
      this.chosenEdge.setAttribute("d", this.paths.get(id).one.d);
      window.CimShell.set(this.data.stores.chosen, id);
    }
    tell(id, event) {
      const { one } = this.paths.get(id), { values, form, words, bottom, lang } = this.data, value = values[id];
      const shown = value === null || value === undefined ? words.unknown
        : form === "share" ? (Math.floor(value * 1000) / 10).toFixed(1) + "%" : form === "points" ? value.toFixed(1) : Math.round(value).toLocaleString("en");
      const name = document.createElement("b"), figure = document.createElement("span");
      name.textContent = named(one, lang);
      figure.textContent = `${words.figure} ${shown}`;
      this.tip.replaceChildren(name, figure);
      for (const more of [bottom.includes(id) ? words.bottom : "", one.guess ? words.guess : ""]) {
        if (more) { const line = document.createElement("small"); line.textContent = more; this.tip.append(line); }
      }
      const box = this.host.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
      this.tip.hidden = false;
      this.tip.style.transform = `translate(${Math.min(x + 14, box.width - this.tip.offsetWidth - 8)}px, ${Math.max(8, y - this.tip.offsetHeight - 12)}px)`;
    }
  }

  function look() {
    due = null;
    const host = document.querySelector("[data-city-map]");
    if (!host) { if (current) current.dispose(); current = null; said = null; return; }
    if (!current || current.host !== host) { if (current) current.dispose(); current = new CityMap(host); said = null; }
    const place = document.querySelector("[data-city-data]");
    if (!place || place.dataset.cityData === said) return;
    said = place.dataset.cityData;
    current.show(JSON.parse(said)).catch((error) => { kept.clear(); console.warn("city map:", error.message); });
  }
  new MutationObserver(() => { due = due || setTimeout(look, 40); }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-city-data"] });
})();
