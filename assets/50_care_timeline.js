/* The last two days of a home, one line per sensor; the last hour takes a quarter of the width. Pale blue: what is
   usual at that hour, white: what happened, hatch: not known. A gap is never drawn as stillness. */
(function () {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const HOUR = 3600, DAY = 86400, LAST_SHARE = 0.25, NIGHT = [22, 6];
  const make = (name, attributes, text) => {
    const element = document.createElementNS(SVG, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const two = (n) => String(n).padStart(2, "0");

  /* How wide the longest name is, in the page's type. */
  function longest(place, rows) {
    const pen = document.createElement("canvas").getContext("2d"), rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    pen.font = `${0.875 * rem}px ${getComputedStyle(place).fontFamily}`;
    return Math.ceil(Math.max(...rows.map((row) => pen.measureText(row.name).width), 6 * rem)) + 1; // a drawn name is a hair wider
  }

  function draw(place) {
    const told = place.dataset.careLines, box = place.getBoundingClientRect();
    const key = [told, Math.round(box.width), Math.round(box.height)].join("|");
    if (place.drawnAs === key || box.width < 200 || box.height < 60) return;
    place.drawnAs = key;
    const data = JSON.parse(told), rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const width = box.width, height = box.height, axis = 1.5 * rem, names = Math.min(longest(place, data.rows), width * 0.3);
    const left = names + 0.5 * rem, plot = width - left, split = data.length - HOUR;
    const x = (s) => {
      const t = Math.max(0, Math.min(data.length, s));
      return left + (t <= split ? (t / split) * plot * (1 - LAST_SHARE) : plot * (1 - LAST_SHARE) + ((t - split) / HOUR) * plot * LAST_SHARE);
    };
    const most = Math.max(2, Math.floor((height - axis) / (1.3 * rem))), rows = roomFor(data.rows, most);
    const svg = make("svg", { width: width, height: height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    const defs = make("defs", {}), hatch = make("pattern", { id: "care-hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
    hatch.append(make("rect", { width: 6, height: 6, class: "t-hatch-ground" }), make("rect", { width: 3, height: 6, class: "t-hatch-line" }));
    defs.append(hatch);
    svg.append(defs);
    const foot = height - axis, high = foot / rows.length;
    const rect = (from, to, y, h, cls, least) => svg.append(make("rect", { x: x(from).toFixed(1), y: y.toFixed(1), width: Math.max(least || 0, x(to) - x(from)).toFixed(1), height: Math.max(0, h).toFixed(1), class: cls }));
    rect(split, data.length, 0, foot, "c-last");
    for (let day = -1; day < 4; day++) {
      const from = day * DAY + NIGHT[0] * HOUR - data.offset, to = (day + 1) * DAY + NIGHT[1] * HOUR - data.offset;
      if (to > 0 && from < data.length) rect(Math.max(0, from), Math.min(to, data.length), 0, foot, "c-night");
    }
    rows.forEach((row, i) => line(svg, row, i * high, high, rect, x, data, names));
    // the axis: every six hours, midnight by its date; then the last hour by quarters
    const ticks = [];
    const perHour = (plot * (1 - LAST_SHARE)) / (split / HOUR), step = [6, 12, 24].find((h) => h * perHour > 3.6 * rem) || 24;
    for (let s = (step * HOUR - (data.offset % (step * HOUR))) % (step * HOUR); s < split; s += step * HOUR) {
      const hour = Math.round(((data.offset + s) % DAY) / HOUR) % 24, date = data.days[Math.floor((data.offset + s + 60) / DAY)];
      ticks.push([s, hour === 0 ? date : two(hour) + ":00", hour === 0 ? "c-day" : ""]);
    }
    for (const [s, words, cls] of ticks) {
      svg.append(make("line", { x1: x(s), x2: x(s), y1: 0, y2: foot, class: `c-tick ${cls}` }));
      if (x(s) > left + 1.2 * rem && x(s) < x(split) - 1.6 * rem) svg.append(make("text", { x: x(s), y: height - 0.35 * rem, class: `c-hour ${cls}` }, words));
    }
    if (plot * LAST_SHARE > 9 * rem) svg.append(make("text", { x: x(split) + 0.3 * rem, y: height - 0.35 * rem, class: "c-hour c-start" }, data.last));
    const clock = (s) => { const t = (data.offset + s) % DAY; return two(Math.floor(t / HOUR)) + ":" + two(Math.floor((t % HOUR) / 60)); };
    svg.append(make("text", { x: width, y: height - 0.35 * rem, class: "c-hour c-end" }, clock(data.length)));
    for (const s of [15, 30, 45]) {
      const at = split + s * 60;
      svg.append(make("line", { x1: x(at), x2: x(at), y1: foot - 4, y2: foot, class: "c-tick" }));
    }
    for (const [s, tone] of data.marks.slice(0, 1)) svg.append(make("line", { x1: x(s), x2: x(s), y1: 0, y2: foot + 4, class: `c-mark ${tone}` }));
    const reader = make("g", { class: "c-reader", visibility: "hidden" });
    svg.append(reader);
    place.replaceChildren(svg);
    reading(place, svg, reader, { ...data, rows: rows }, { x, left, foot, high, split, plot, width });
  }

  /* As many rows as can be read: what called stays, then the first ones; a curve goes before a sign of life. */
  function roomFor(rows, most) {
    const rank = (row, i) => (row.alarm ? 0 : row.points.length ? 200 : 100) + i;
    const kept = new Set(rows.map((row, i) => [rank(row, i), row]).sort((a, b) => a[0] - b[0]).slice(0, most).map((pair) => pair[1]));
    return rows.filter((row) => kept.has(row));
  }
  function line(svg, row, top, high, rect, x, data, names) {
    const bottom = top + high, room = high - 7, floor = bottom - 2;
    svg.append(make("line", { x1: 0, x2: x(data.length), y1: bottom - 0.5, y2: bottom - 0.5, class: "c-rule" }));
    const name = make("text", { x: 0, y: top + high / 2 + 5, class: "c-name" }, row.name);
    svg.append(name);
    if (row.usual.length) {
      const slot = DAY / row.usual.length, parts = [];
      for (let s = -(data.offset % slot); s < data.length; s += slot) {
        const share = row.usual[Math.floor(((data.offset + s + 1) % DAY) / slot)] || 0, y = (floor - share * room).toFixed(1);
        parts.push(`L${x(s).toFixed(1)} ${y}L${x(s + slot).toFixed(1)} ${y}`);
      }
      svg.append(make("path", { d: `M${x(0)} ${floor}${parts.join("")}L${x(data.length)} ${floor}Z`, class: "c-usual" }));
    }
    for (const [from, to, share] of row.spans) {
      const h = share === null || share === undefined ? room : Math.max(1.5, share * room);
      rect(from, to, floor - h, h, row.alarm ? "c-happened c-alarm" : "c-happened", 1.8);
    }
    if (row.points.length) {
      const values = row.points.map((p) => p[1]), low = Math.min(...values), span = Math.max(...values) - low || 1;
      let d = "", last = null;
      for (const [s, value] of row.points) {
        const broken = last === null || row.gaps.some(([from]) => from >= last && from < s);
        d += `${broken ? "M" : "L"}${x(s).toFixed(1)} ${(floor - 2 - ((value - low) / span) * (room - 4)).toFixed(1)}`;
        last = s;
      }
      svg.append(make("path", { d: d, class: "c-curve" }));
    }
    for (const [from, to] of row.gaps) rect(from, to, top + 4, high - 7, "c-gap", 1);
    fit(name, names);
  }
  function fit(text, room) {
    // measured after it stands in the page; a name that is too long keeps its beginning and tells the rest on hover
    requestAnimationFrame(() => {
      if (!text.isConnected || text.getComputedTextLength() <= room) return;
      const whole = text.textContent;
      let n = whole.length;
      while (n > 2 && text.getComputedTextLength() > room) text.textContent = whole.slice(0, --n) + "…";
      text.append(make("title", {}, whole));
    });
  }

  /* Under the pointer: the instant, and what the sensor of that line said then. */
  function reading(place, svg, reader, data, at) {
    const words = window.CimShell;
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect(), px = event.clientX - box.left, py = event.clientY - box.top;
      if (px < at.left || py > at.foot) { reader.setAttribute("visibility", "hidden"); return; }
      const share = (px - at.left) / at.plot, edge = 1 - LAST_SHARE;
      const s = share < edge ? (share / edge) * at.split : at.split + ((share - edge) / LAST_SHARE) * HOUR;
      const row = data.rows[Math.min(data.rows.length - 1, Math.floor(py / at.high))];
      const gap = row.gaps.some(([from, to]) => s >= from && s <= to), on = row.spans.some(([from, to]) => s >= from && s <= to);
      const near = row.points.length ? row.points.reduce((a, b) => (Math.abs(b[0] - s) < Math.abs(a[0] - s) ? b : a)) : null;
      const what = gap ? "?" : near ? String(near[1]) : on ? "●" : "";
      reader.replaceChildren(
        make("line", { x1: px, x2: px, y1: 0, y2: at.foot, class: "c-read" }),
        make("text", { x: px > at.width - 90 ? px - 6 : px + 6, y: 14, class: px > at.width - 90 ? "c-hour c-end" : "c-hour c-start" },
          `${words.format("clock", (data.start + s) * 1000)} ${what}`.trim()),
      );
      reader.setAttribute("visibility", "visible");
    });
    svg.addEventListener("pointerleave", () => reader.setAttribute("visibility", "hidden"));
  }

  const sizes = new ResizeObserver((entries) => { for (const entry of entries) draw(entry.target); });
  let due = null;
  function look() {
    due = null;
    for (const place of document.querySelectorAll("[data-care-lines]")) {
      if (!place.watched) { place.watched = true; sizes.observe(place); }
      draw(place);
    }
  }
  new MutationObserver(() => { due = due || requestAnimationFrame(look); }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-care-lines"] });
})();
