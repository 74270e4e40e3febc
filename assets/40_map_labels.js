// Names over the map as HTML: upright pins on stems that yield to each other, estate and water names.
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});

  const ICONS = {
    act: "M8 1.6 15 14H1L8 1.6Zm0 4.6v3.6m0 2v.4",
    look: "M8 1.2 14.8 8 8 14.8 1.2 8 8 1.2Z",
    blind: "M2.2 2.2h11.6v11.6H2.2zM2.2 9l6.8-6.8M2.2 13.8 13.8 2.2M7 13.8 13.8 7",
    centre: "M2 14V7l6-4.5L14 7v7H2Zm4.2 0V9.6h3.6V14",
    health: "M6.2 2h3.6v4.2H14v3.6H9.8V14H6.2V9.8H2V6.2h4.2Z",
    learning: "M1.2 6 8 2.8 14.8 6 8 9.2 1.2 6Zm3 1.6v3.6c2.4 2 5.2 2 7.6 0V7.6M14.8 6v4",
    shop: "M2.5 6h11l-1 8h-9l-1-8ZM5.4 6a2.6 2.6 0 0 1 5.2 0",
    parking: "M2.2 2.2h11.6v11.6H2.2zM6.3 11.6V4.6h2.2a2.1 2.1 0 0 1 0 4.2H6.3",
    park: "M8 14.5V9M8 1.6l4.6 7.6H3.4L8 1.6Z",
    meal: "M4 1.8v12.4M2.4 1.8v3.4a1.6 1.6 0 0 0 3.2 0V1.8M12 14.2V1.8c-2.4 1.4-2.4 6 0 7",
    sport: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8Zm0 0v12.4M1.8 8h12.4",
    transport: "M3.4 2.5h9.2v9H3.4zM3.4 7.2h9.2M5.2 11.5V14m5.6-2.5V14",
    safety: "M8 1.6 13.6 4v4c0 3.4-2.3 5.6-5.6 6.6C4.700 13.6 2.4 11.4 2.4 8V4L8 1.6Z",
    other: "M8 4.8a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4Z",
  };
  // kind of facility -> icon and importance; 0 to 3 are named in the whole view, the rest from nearby
  const FACILITIES = {
    centre: ["centre", 0], community_centre: ["centre", 0], clinic: ["health", 0], hospital: ["health", 0],
    kindergarten: ["learning", 1], primary_school: ["learning", 1], school: ["learning", 1], nursery: ["learning", 1],
    college: ["learning", 2], university: ["learning", 2], library: ["learning", 2],
    canteen: ["meal", 1], day_care: ["health", 1], nursing_home: ["health", 1], social_facility: ["health", 2],
    supermarket: ["shop", 2], market: ["shop", 2], marketplace: ["shop", 2], park: ["park", 2], police: ["safety", 4],
    parking: ["parking", 3], sports: ["sport", 4], playground: ["park", 4], square: ["park", 4],
    pharmacy: ["health", 4], doctors: ["health", 4], convenience: ["shop", 5], barber: ["shop", 6], bank: ["shop", 5],
    restaurant: ["meal", 5], cafe: ["meal", 5], property_office: ["centre", 5], charging: ["parking", 5],
    bus_stop: ["transport", 5], bus_station: ["transport", 4], fire_station: ["safety", 4],
  };
  const facility = (kind) => FACILITIES[kind] || ["other", 6];
  const NAMED_FROM_AFAR = 3; // importance
  const MOST_FROM_AFAR = 9;
  const MOST_NEARBY = 40;
  const NEARBY = 0.75; // zoom steps closer than the whole view
  const MOST_URGENT = 24;
  const RANK = { callout: -1, ring: -1, act: 0, look: 1, selected: 2, storey: 3, blind: 4, facility: 5, estate: 6, water: 7 };
  const FLAT = new Set(["estate", "water", "storey", "ring"]); // lie on the picture, without box and stem
  const STEMS = [24, 46, 70, 96, 124, 154, 186];
  const GAP = 5; // pixels of air between two labels

  const escape = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }[c]));

  /**
   * Labels in `host`. A label: {key, kind, title, note, anchor: [x, y, z], icon?, level?, angle?, quiet?, onClick?};
   * `level` is the importance of a facility (0 first), `over` a box on the screen the pin stands above.
   * set(list) keeps elements of known keys; place(camera, frame) puts them where they fit.
   */
  function create(host) {
    const box = document.createElement("div");
    box.className = "cim-map__labels";
    host.append(box);
    const shown = new Map();
    let order = [];
    let dots = [];

    function element(label) {
      const pin = !FLAT.has(label.kind);
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
      const icon = ICONS[label.icon || label.kind];
      const text = JSON.stringify([label.kind, label.title, label.note, label.quiet, label.tone, label.since]);
      if (item.text === text) return;
      item.text = text;
      if (label.kind === "ring" || label.kind === "callout") { fillHome(item, label); return; }
      item.root.className = `cim-pin cim-pin--${label.kind}${label.quiet ? " cim-pin--quiet" : ""}`;
      item.root.innerHTML =
        (icon ? `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${icon}"/></svg>` : "") +
        `<b>${escape(label.title)}</b>${label.note ? `<span>${escape(label.note)}</span>` : ""}`;
      item.root.title = label.note ? `${label.title} ${label.note}` : label.title;
      if (item.stem) item.stem.className = `cim-stem cim-stem--${label.kind}${label.quiet ? " cim-stem--quiet" : ""}`;
      item.size = item.short = null;
    }

    // what is tied to one home: rings around it; and, beside the building, what it is and how long already
    function fillHome(item, label) {
      item.root.className = label.kind === "ring" ? `cim-ring cim-ring--${label.tone}` : `cim-callout cim-callout--${label.tone}`;
      item.size = item.short = null;
      if (label.kind === "ring") return;
      const running = label.since ? `<time data-tick="clock" datetime="${escape(label.since)}">${escape(label.clock || "")}</time>` : "";
      item.root.innerHTML = `<b>${escape(label.title)} ${running}</b>${label.note ? `<span>${escape(label.note)}</span>` : ""}`;
      if (label.drill) item.root.dataset.drill = label.drill; else delete item.root.dataset.drill;
      item.stem.className = `cim-tie cim-tie--${label.tone}`;
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
        const wants = label.onClick && !FLAT.has(label.kind) ? "BUTTON" : "DIV";
        if (item && (item.root.tagName !== wants || !item.stem !== FLAT.has(label.kind))) {
          item.root.remove();
          if (item.stem) item.stem.remove();
          item = null;
        }
        if (!item) shown.set(label.key, (item = element(label)));
        fill(item, label);
        item.root.onclick = label.onClick || null;
        item.root.classList.toggle("cim-pin--drag", Boolean(label.drag));
        if (label.drag) item.root.dataset.drag = label.drag; else delete item.root.dataset.drag;
        item.label = label;
      }
      order = [...shown.values()].sort((a, b) => RANK[a.label.kind] - RANK[b.label.kind] || (a.label.level || 0) - (b.label.level || 0));
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

    /**
     * `frame`: [left, top, right, bottom] in pixels free of panels. `closer`: zoom steps nearer than the whole view.
     * `blocks()`: boxes of the buildings on the screen, which names of estates keep clear of; `focus`: the box of
     * the building whose floors are lifted, which every other label leaves alone; `line`: where two instants meet.
     */
    function place(camera, frame, closer, blocks, focus, line = null) {
      const taken = [];
      // the dots of what is urgent stay visible: a name lies on one only when there is no other place
      dots = order.filter(({ label }) => RANK[label.kind] <= RANK.blind && label.kind !== "storey").map((item) => {
        const [x, y] = camera.project(...item.label.anchor);
        return { item, box: [x - 5, y - 5, x + 5, y + 5] };
      });
      const near = closer >= NEARBY;
      let urgentLeft = MOST_URGENT, facilitiesLeft = near ? MOST_NEARBY : MOST_FROM_AFAR;
      for (const item of order) {
        const { label } = item;
        // divided by a line, a side names only what it shows
        if (line !== null && label.side && (camera.project(...label.anchor)[0] < line) !== (label.side === "left")) { hide(item); continue; }
        const urgent = RANK[label.kind] <= RANK.selected;
        const far = (label.kind === "facility" && (facilitiesLeft <= 0 || (!near && label.level > NAMED_FROM_AFAR))) ||
          (label.kind === "water" && label.small && !near);
        if (far || (urgent && urgentLeft-- <= 0)) { hide(item); continue; }
        const [x, y, depth] = camera.project(...label.anchor);
        const free = x > frame[0] + 4 && x < frame[2] - 4 && y > frame[1] + 4 && y < frame[3] - 4;
        if (!(depth < 1) || (!free && !urgent) || x < -200 || x > camera.width + 200 || y > camera.height + 200) {
          hide(item);
          continue;
        }
        if (label.kind === "ring") show(item, [x, y, x, y], `translate(${x.toFixed(1)}px,${y.toFixed(1)}px)`, false);
        else if (label.kind === "callout") placeCallout(item, x, y, frame, taken, focus);
        else if (label.kind === "storey") {
          const b = placeStorey(item, x, y, frame, taken.filter((box) => box !== focus));
          if (b) taken.push(b);
        }
        else if (label.kind === "water") placeRiver(item, x, y, camera, frame, taken);
        else if (label.kind === "estate") placeEstate(item, x, y, frame, taken, blocks, estatesBut(item, camera));
        else placePin(item, x, y, frame, taken, urgent, label.mine && focus ? focus : null);
        if (focus && label.mine) taken.push(focus);
        if (label.kind === "facility" && item.at) facilitiesLeft--;
      }
    }

    // beside the lifted floors, at the height of its home, tied to it by a line: it lies over no home
    function placeCallout(item, x, y, frame, taken, focus) {
      const [w, h] = item.size, edge = focus || [x - 40, y - 40, x + 40, y + 40];
      const right = Math.max(edge[2] + 20, x + 70), isRight = right + w <= frame[2] - 6;
      const away = Math.min(edge[0] - 20, x - 70) - w, fits = isRight || away >= frame[0] + 6;
      const left = isRight ? right : fits ? away : frame[2] - w - 6;
      // where there is room on neither side it goes above the building
      const top = Math.max(frame[1] + 6, Math.min(frame[3] - h - 6, fits ? y - h / 2 : edge[1] - h - 12));
      const b = [left, top, left + w, top + h];
      show(item, b, `translate(${left.toFixed(1)}px,${top.toFixed(1)}px)`, false);
      const from = isRight ? x + 30 : left + w, to = isRight ? left : x - 30, line = Math.max(top + 6, Math.min(top + h - 6, y));
      item.stem.style.visibility = fits && to > from ? "visible" : "hidden";
      item.stem.style.transform = `translate(${from.toFixed(1)}px,${line.toFixed(1)}px)`;
      item.stem.style.width = `${Math.max(0, to - from).toFixed(1)}px`;
      taken.push(b);
    }

    function placeRiver(item, x, y, camera, frame, taken) {
      const { anchor, angle } = item.label, [w, h] = item.size;
      const ahead = camera.project(anchor[0] + 20 * Math.cos(angle), anchor[1] + 20 * Math.sin(angle), 0);
      const turn = Math.atan2(ahead[1] - y, ahead[0] - x);
      const high = Math.abs(w * Math.sin(turn)) + h, wide = Math.abs(w * Math.cos(turn)) + h * Math.abs(Math.sin(turn));
      const b = [x - wide / 2, y - high / 2, x + wide / 2, y + high / 2];
      if (b[0] < frame[0] || b[2] > frame[2] || b[1] < frame[1] || b[3] > frame[3] || !clear(taken, b)) { hide(item); return; }
      show(item, b, `translate(${(x - w / 2).toFixed(1)}px,${(y - h / 2).toFixed(1)}px) rotate(${turn.toFixed(3)}rad)`, false);
      taken.push(b);
    }

    function estatesBut(item, camera) {
      return order.filter((one) => one !== item && one.label.kind === "estate").map((one) => camera.project(...one.label.anchor));
    }
    // the place nearest to the estate's middle that covers no building; if there is none, the one covering least; never
    // one nearer to another estate, which it would seem to name
    function placeEstate(item, x, y, frame, taken, blocks, others) {
      const [w, h] = item.size;
      const walls = blocks();
      let best = null, least = Infinity;
      for (let dy = -210; dy <= 210; dy += 21) {
        for (let dx = -300; dx <= 300; dx += 25) {
          const away = Math.hypot(dx, dy * 1.3);
          if (away >= least || others.some(([ox, oy]) => Math.hypot(x + dx - ox, y + dy - oy) < Math.hypot(dx, dy))) continue;
          const b = [x + dx - w / 2, y + dy - h / 2, x + dx + w / 2, y + dy + h / 2];
          if (b[0] < frame[0] || b[2] > frame[2] || b[1] < frame[1] || b[3] > frame[3] || !clear(taken, b)) continue;
          let cost = away;
          for (const q of walls) {
            const over = (Math.min(b[2], q[2]) - Math.max(b[0], q[0])), up = (Math.min(b[3], q[3]) - Math.max(b[1], q[1]));
            if (over > 0 && up > 0) { cost += 40 + (over * up) / 6; if (cost >= least) break; }
          }
          if (cost < least) { least = cost; best = b; }
        }
      }
      if (!best || least > 700) { hide(item); return; }
      show(item, best, `translate(${best[0].toFixed(1)}px,${best[1].toFixed(1)}px)`, false);
      taken.push(best);
    }

    function placeStorey(item, x, y, frame, taken) {
      const [w, h] = item.size, b = [x - w / 2, y - h / 2, x + w / 2, y + h / 2];
      const tight = taken.some((t) => b[0] < t[2] && b[2] > t[0] && b[1] < t[3] - 5 && b[3] - 5 > t[1]);
      if (tight || b[0] < frame[0] || b[2] > frame[2]) { hide(item); return null; }
      show(item, b, `translate(${b[0].toFixed(1)}px,${b[1].toFixed(1)}px)`, false);
      return b;
    }

    function placePin(item, x, y, frame, taken, urgent, over) {
      const px = Math.max(frame[0] + 2, Math.min(frame[2] - 2, x));
      const py = Math.max(frame[1] + 40, Math.min(frame[3] - 2, y));
      for (const short of item.label.note && item.label.kind !== "act" ? [false, true] : [false]) {
        const [w, h] = short ? item.short : item.size;
        // above the lifted floors if there is room, so that no pin lies over a home
        const first = over ? [10, 36, 64, 94].map((v) => Math.max(24, py - over[1] + v)) : [];
        const stems = [...first, ...(urgent ? STEMS : STEMS.slice(0, 4))];
        const others = dots.filter((dot) => dot.item !== item).map((dot) => dot.box);
        for (const [stem, around] of [...stems.map((v) => [v, others]), ...stems.map((v) => [v, []])]) {
          const left = Math.max(frame[0], Math.min(frame[2] - w, px - w / 2));
          const top = Math.max(frame[1], py - stem - h);
          const b = [left, top, left + w, top + h];
          if (!clear(taken, b) || !clear(around, b)) continue;
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

  parts.labels = { create, facility };
})();
