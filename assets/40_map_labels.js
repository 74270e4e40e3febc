// Names over the map as HTML: upright pins on stems that yield to each other, estate and water names.
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});

  const ICONS = {
    act: "M8 1.6 15 14H1L8 1.6Zm0 4.6v3.6m0 2v.4",
    look: "M8 1.2 14.8 8 8 14.8 1.2 8 8 1.2Z",
    blind: "M2.2 2.2h11.6v11.6H2.2zM2.2 9l6.8-6.8M2.2 13.8 13.8 2.2M7 13.8 13.8 7",
  };
  const RANK = { act: 0, look: 1, selected: 2, blind: 3, facility: 4, estate: 5, water: 6 };
  const STEMS = [24, 46, 70, 96, 124, 154, 186];
  const GAP = 5; // pixels of air between two labels

  const escape = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[c]));

  /**
   * Labels in `host`. A label: {key, kind, title, note, anchor: [x, y, z], angle?, quiet?, onClick?}.
   * set(list) keeps elements of known keys; place(camera, frame) puts them where they fit.
   */
  function create(host) {
    const box = document.createElement("div");
    box.className = "cim-map__labels";
    host.append(box);
    const shown = new Map();
    let order = [];

    function element(label) {
      const pin = label.kind !== "estate" && label.kind !== "water";
      const root = document.createElement(pin && label.onClick ? "button" : "div");
      if (root.tagName === "BUTTON") {
        root.type = "button";
        root.tabIndex = -1; // the same things are reached by keyboard in the panels
      }
      const stem = pin ? document.createElement("i") : null;
      if (stem) box.append(stem);
      box.append(root);
      return { root, stem, text: null, size: null, short: null };
    }

    function fill(item, label) {
      const icon = ICONS[label.kind];
      const text = JSON.stringify([label.kind, label.title, label.note, label.quiet]);
      if (item.text === text) return;
      item.text = text;
      item.root.className = `cim-pin cim-pin--${label.kind}${label.quiet ? " cim-pin--quiet" : ""}`;
      item.root.innerHTML =
        (icon ? `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${icon}"/></svg>` : "") +
        `<b>${escape(label.title)}</b>${label.note ? `<span>${escape(label.note)}</span>` : ""}`;
      item.root.title = label.note ? `${label.title} ${label.note}` : label.title;
      if (item.stem) item.stem.className = `cim-stem cim-stem--${label.kind}${label.quiet ? " cim-stem--quiet" : ""}`;
      item.size = item.short = null;
    }

    function set(list) {
      const keys = new Set(list.map((label) => label.key));
      for (const [key, item] of shown) {
        if (keys.has(key)) continue;
        item.root.remove();
        if (item.stem) item.stem.remove();
        shown.delete(key);
      }
      for (const label of list) {
        let item = shown.get(label.key);
        const wants = label.onClick && label.kind !== "estate" && label.kind !== "water" ? "BUTTON" : "DIV";
        if (item && (item.root.tagName !== wants || !item.stem !== (label.kind === "estate" || label.kind === "water"))) {
          item.root.remove();
          if (item.stem) item.stem.remove();
          item = null;
        }
        if (!item) shown.set(label.key, (item = element(label)));
        fill(item, label);
        item.root.onclick = label.onClick || null;
        item.label = label;
      }
      order = [...shown.values()].sort((a, b) => RANK[a.label.kind] - RANK[b.label.kind]);
      measure();
    }

    // all sizes in one layout pass: full text, then without the second word
    function measure() {
      const fresh = order.filter((item) => !item.size);
      for (const item of fresh) item.root.classList.remove("cim-pin--short");
      for (const item of fresh) item.size = [item.root.offsetWidth, item.root.offsetHeight];
      for (const item of fresh) item.root.classList.add("cim-pin--short");
      for (const item of fresh) item.short = [item.root.offsetWidth, item.root.offsetHeight];
      for (const item of fresh) item.root.classList.remove("cim-pin--short");
    }

    const clear = (taken, b) => taken.every(
      (t) => b[0] >= t[2] + GAP || b[2] + GAP <= t[0] || b[1] >= t[3] + GAP || b[3] + GAP <= t[1],
    );

    function hide(item) {
      item.root.style.visibility = "hidden";
      if (item.stem) item.stem.style.visibility = "hidden";
      item.at = null;
    }

    /** `frame`: [left, top, right, bottom] in pixels free of panels. */
    function place(camera, frame) {
      const taken = [];
      for (const item of order) {
        const { label } = item;
        const [x, y, depth] = camera.project(...label.anchor);
        const urgent = label.kind === "act" || label.kind === "look" || label.kind === "selected";
        const free = x > frame[0] + 4 && x < frame[2] - 4 && y > frame[1] + 4 && y < frame[3] - 4;
        if (!(depth < 1) || (!free && !urgent) || x < -200 || x > camera.width + 200 || y > camera.height + 200) {
          hide(item);
          continue;
        }
        if (!item.stem) placeFlat(item, x, y, camera, frame, taken);
        else placePin(item, x, y, frame, taken, urgent);
      }
    }

    function placeFlat(item, x, y, camera, frame, taken) {
      const { label } = item;
      const [w, h] = item.size;
      let turn = 0;
      if (label.kind === "water") {
        const ahead = camera.project(label.anchor[0] + 20 * Math.cos(label.angle), label.anchor[1] + 20 * Math.sin(label.angle), 0);
        turn = Math.atan2(ahead[1] - y, ahead[0] - x);
      }
      const high = Math.abs(w * Math.sin(turn)) + h, wide = Math.abs(w * Math.cos(turn)) + h * Math.abs(Math.sin(turn));
      for (const dy of label.kind === "water" ? [0] : [0, 26, -26, 52, -52, 80, -80]) {
        for (const dx of label.kind === "water" ? [0] : [0, -70, 70, -140, 140]) {
          const b = [x + dx - wide / 2, y + dy - high / 2, x + dx + wide / 2, y + dy + high / 2];
          if (b[0] < frame[0] || b[2] > frame[2] || b[1] < frame[1] || b[3] > frame[3] || !clear(taken, b)) continue;
          show(item, b, `translate(${(x + dx - w / 2).toFixed(1)}px,${(y + dy - h / 2).toFixed(1)}px) rotate(${turn.toFixed(3)}rad)`, false);
          taken.push(b);
          return;
        }
      }
      hide(item);
    }

    function placePin(item, x, y, frame, taken, urgent) {
      const px = Math.max(frame[0] + 2, Math.min(frame[2] - 2, x));
      const py = Math.max(frame[1] + 40, Math.min(frame[3] - 2, y));
      for (const short of item.label.note && item.label.kind !== "act" ? [false, true] : [false]) {
        const [w, h] = short ? item.short : item.size;
        for (const stem of STEMS) {
          const left = Math.max(frame[0], Math.min(frame[2] - w, px - w / 2));
          const top = Math.max(frame[1], py - stem - h);
          const b = [left, top, left + w, top + h];
          if (!clear(taken, b)) continue;
          show(item, b, `translate(${left.toFixed(1)}px,${top.toFixed(1)}px)`, short);
          const length = Math.max(0, py - (top + h));
          item.stem.style.visibility = "visible";
          item.stem.style.transform = `translate(${Math.max(left + 6, Math.min(left + w - 6, px)).toFixed(1)}px,${(top + h).toFixed(1)}px)`;
          item.stem.style.height = `${length.toFixed(1)}px`;
          taken.push(b);
          return;
        }
      }
      if (urgent) { // nothing urgent is ever hidden: it may then cover a stem, but taken boxes came first by urgency
        const [w, h] = item.size;
        const left = Math.max(frame[0], Math.min(frame[2] - w, px - w / 2));
        for (let top = frame[1]; top + h < frame[3]; top += h + GAP) {
          const b = [left, top, left + w, top + h];
          if (!clear(taken, b)) continue;
          show(item, b, `translate(${left.toFixed(1)}px,${top.toFixed(1)}px)`, false);
          item.stem.style.visibility = "hidden";
          taken.push(b);
          return;
        }
      }
      hide(item);
    }

    function show(item, b, transform, short) {
      item.root.classList.toggle("cim-pin--short", short);
      item.root.style.transform = transform;
      item.root.style.visibility = "visible";
      item.at = b;
    }

    return {
      set, place,
      /** Boxes of what is visible now, [[left, top, right, bottom], ...]: for tests. */
      boxes: () => order.filter((item) => item.at).map((item) => item.at),
      remeasure: () => { for (const item of order) item.size = null; measure(); },
      dispose: () => box.remove(),
    };
  }

  parts.labels = { create };
})();
