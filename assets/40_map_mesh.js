// Bakes the scene into a few indexed meshes: buildings (walls, roofs, roof houses), trees, lifted floors.
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});
  const FAR = 1e4; // "no outline here": metres to the nearest edge that is none

  // deterministic noise: the same neighbourhood looks the same on every screen
  function random(seed) {
    let state = (seed * 2654435761 + 88172645) >>> 0;
    return () => {
      state ^= state << 13; state >>>= 0;
      state ^= state >>> 17;
      state ^= state << 5; state >>>= 0;
      return state / 4294967296;
    };
  }

  // vertex: position f32x3 | extra f32x4 | normal s8x4.
  // extra of a wall: metres along it, its length, 0, building; of a roof: metres to the three sides of its
  // triangle (FAR for sides inside the roof), building. normal.w tells them apart: 0 roof, 1 wall.
  class Builder {
    constructor(vertices, indices) {
      this.position = new Float32Array(vertices * 3);
      this.extra = new Float32Array(vertices * 4);
      this.normal = new Int8Array(vertices * 4);
      this.index = new Uint32Array(indices);
      this.v = 0;
      this.i = 0;
    }
    reserve(vertices, indices) {
      const grown = (array, need) => {
        if (array.length >= need) return array;
        const next = new array.constructor(Math.max(need, array.length * 2));
        next.set(array);
        return next;
      };
      this.position = grown(this.position, (this.v + vertices) * 3);
      this.extra = grown(this.extra, (this.v + vertices) * 4);
      this.normal = grown(this.normal, (this.v + vertices) * 4);
      this.index = grown(this.index, this.i + indices);
    }
    vertex(x, y, z, e0, e1, e2, building, nx, ny, nz, kind) {
      const v = this.v++;
      this.position[v * 3] = x; this.position[v * 3 + 1] = y; this.position[v * 3 + 2] = z;
      this.extra[v * 4] = e0; this.extra[v * 4 + 1] = e1; this.extra[v * 4 + 2] = e2; this.extra[v * 4 + 3] = building;
      this.normal[v * 4] = nx * 127; this.normal[v * 4 + 1] = ny * 127; this.normal[v * 4 + 2] = nz * 127;
      this.normal[v * 4 + 3] = kind * 127;
      return v;
    }
    wall(ax, ay, bx, by, low, high, building) {
      const length = Math.hypot(bx - ax, by - ay);
      if (length < 0.02) return;
      const nx = (by - ay) / length, ny = (ax - bx) / length;
      this.reserve(4, 6);
      const v = this.vertex(ax, ay, low, 0, length, 0, building, nx, ny, 0, 1);
      this.vertex(bx, by, low, length, length, 0, building, nx, ny, 0, 1);
      this.vertex(bx, by, high, length, length, 0, building, nx, ny, 0, 1);
      this.vertex(ax, ay, high, 0, length, 0, building, nx, ny, 0, 1);
      this.index.set([v, v + 1, v + 2, v, v + 2, v + 3], this.i);
      this.i += 6;
    }
    triangle(points, outline, z, building) {
      const [a, b, c] = points;
      const doubled = Math.abs((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
      if (doubled < 1e-4) return;
      const side = (p, q) => doubled / Math.hypot(p[0] - q[0], p[1] - q[1]);
      const far = [side(b, c), side(c, a), side(a, b)];
      const turned = (b[0] - a[0]) * (c[1] - a[1]) < (b[1] - a[1]) * (c[0] - a[0]);
      this.reserve(3, 3);
      points.forEach((p, k) => {
        const e = [0, 1, 2].map((s) => (outline[s] ? (s === k ? far[s] : 0) : FAR));
        this.vertex(p[0], p[1], z, e[0], e[1], e[2], building, 0, 0, 1, 0);
      });
      const v = this.v - 3;
      this.index.set(turned ? [v, v + 2, v + 1] : [v, v + 1, v + 2], this.i);
      this.i += 3;
    }
    /** Upright box or prism over a convex ring, counter-clockwise. */
    prism(ring, low, high, building) {
      for (let k = 0; k < ring.length; k++) {
        const a = ring[k], b = ring[(k + 1) % ring.length];
        this.wall(a[0], a[1], b[0], b[1], low, high, building);
      }
      for (let k = 1; k + 1 < ring.length; k++) {
        const outline = [true, k + 2 === ring.length, k === 1];
        this.triangle([ring[0], ring[k], ring[k + 1]], outline, high, building);
      }
    }
    done() {
      return {
        position: this.position.subarray(0, this.v * 3),
        extra: this.extra.subarray(0, this.v * 4),
        normal: this.normal.subarray(0, this.v * 4),
        index: this.index.subarray(0, this.i),
      };
    }
  }

  /** Rectangle around a ring: {centre, along, across, length, width, fill}; `along` is the long direction. */
  function frame(points) {
    let best = null;
    for (let k = 0; k < points.length; k++) {
      const a = points[k], b = points[(k + 1) % points.length];
      const l = Math.hypot(b[0] - a[0], b[1] - a[1]);
      if (l < 0.5) continue;
      const u = [(b[0] - a[0]) / l, (b[1] - a[1]) / l];
      let s0 = Infinity, s1 = -Infinity, t0 = Infinity, t1 = -Infinity;
      for (const p of points) {
        const s = p[0] * u[0] + p[1] * u[1], t = p[1] * u[0] - p[0] * u[1];
        s0 = Math.min(s0, s); s1 = Math.max(s1, s); t0 = Math.min(t0, t); t1 = Math.max(t1, t);
      }
      const area = (s1 - s0) * (t1 - t0);
      if (!best || area < best.area) best = { area, u, s0, s1, t0, t1 };
    }
    if (!best) return null;
    let { u, s0, s1, t0, t1 } = best;
    if (t1 - t0 > s1 - s0) {
      [u, s0, s1, t0, t1] = [[-u[1], u[0]], t0, t1, -s1, -s0];
    }
    if (u[0] < 0) [u, s0, s1, t0, t1] = [[-u[0], -u[1]], -s1, -s0, -t1, -t0];
    const across = [-u[1], u[0]];
    const at = (s, t) => [u[0] * s + across[0] * t, u[1] * s + across[1] * t];
    let area = 0;
    points.forEach((p, k) => {
      const q = points[(k + 1) % points.length];
      area += p[0] * q[1] - q[0] * p[1];
    });
    return {
      at, along: u, across, s0, s1, t0, t1, length: s1 - s0, width: t1 - t0,
      centre: at((s0 + s1) / 2, (t0 + t1) / 2), fill: Math.abs(area) / 2 / best.area,
    };
  }

  const ROOF_HOUSES = 1500; // buildings that get stair heads; beyond that they are dust on the screen

  // stair heads of slabs, the machine room of towers; only where the roof is nearly a rectangle
  function roofHouses(builder, scene, i, z) {
    const { b_first_ring: first, b_ring: ring, b_xy: xy } = scene;
    if (first[i + 1] - first[i] !== 1 || scene.b_use[i] !== 0) return 0;
    const f = frame(parts.geometry.ringPoints(xy, ring, first[i]));
    const floors = scene.b_levels[i] || scene.b_height[i] / 3;
    if (!f || f.fill < 0.8 || floors < 4 || f.width < 8) return 0;
    const box = (s, t, l, w, h) => {
      const c = [[-l / 2, -w / 2], [l / 2, -w / 2], [l / 2, w / 2], [-l / 2, w / 2]];
      builder.prism(c.map(([a, b]) => f.at(s + a, t + b)), z, z + h, i);
    };
    const t = (f.t0 + f.t1) / 2;
    if (f.length > 2.2 * f.width) {
      const stairs = Math.max(1, Math.min(12, Math.round(f.length / 15)));
      for (let k = 0; k < stairs; k++) box(f.s0 + (f.length * (k + 0.5)) / stairs, t + f.width * 0.12, 4.6, 4.2, 2.6);
      return 2.6;
    }
    if (floors >= 10) {
      box((f.s0 + f.s1) / 2, t + f.width * 0.05, f.length * 0.44, f.width * 0.38, 4.2);
      return 4.2;
    }
    return 0;
  }

  /** All buildings as one mesh, with the first index of each; also fills scene.top (highest point, metres). */
  function buildings(scene) {
    const { b_xy: xy, b_ring: ring, b_first_ring: first, b_tri: tri, b_first_tri: firstTri } = scene;
    const points = xy.length / 2;
    const builder = new Builder(points * 4 + tri.length + 2000, points * 6 + tri.length + 2000);
    scene.top = new Float32Array(scene.count);
    const firstIndex = new Uint32Array(scene.count + 1);
    const houses = scene.core <= ROOF_HOUSES;
    for (let i = 0; i < scene.count; i++) {
      const low = scene.b_base[i], high = low + scene.b_height[i];
      const next = new Map(), end = ring[first[i + 1]], start = ring[first[i]];
      for (let r = first[i]; r < first[i + 1]; r++) {
        for (let k = ring[r]; k < ring[r + 1]; k++) {
          const j = k + 1 < ring[r + 1] ? k + 1 : ring[r];
          next.set(k, j);
          builder.wall(xy[2 * k], xy[2 * k + 1], xy[2 * j], xy[2 * j + 1], low, high, i);
        }
      }
      const point = (k) => [xy[2 * k], xy[2 * k + 1]];
      const isEdge = (a, b) => next.get(a) === b || next.get(b) === a;
      for (let t = firstTri[i]; t < firstTri[i + 1]; t += 3) {
        const [a, b, c] = [tri[t], tri[t + 1], tri[t + 2]];
        if (Math.max(a, b, c) >= end || Math.min(a, b, c) < start) continue;
        builder.triangle([point(a), point(b), point(c)], [isEdge(b, c), isEdge(c, a), isEdge(a, b)], high, i);
      }
      scene.top[i] = high + (houses && i < scene.core ? roofHouses(builder, scene, i, high) : 0);
      firstIndex[i + 1] = builder.i;
    }
    return { ...builder.done(), firstIndex };
  }

  /**
   * Trees as one mesh of small shaded crowns. `places`: [[x, y, size], ...] in metres.
   * Brightness is baked; `tint` chooses one of the three greens in the shader.
   */
  function trees(places) {
    const N = 6, perTree = N * 3 + 1;
    const position = new Float32Array(places.length * perTree * 3);
    const shade = new Uint8Array(places.length * perTree * 4);
    const index = new Uint32Array(places.length * N * 15);
    const rnd = random(11);
    let v = 0, n = 0;
    const put = (x, y, z, bright, kind) => {
      position.set([x, y, z], v * 3);
      shade[v * 4] = Math.max(0, Math.min(255, bright * 128));
      shade[v * 4 + 1] = kind;
      return v++;
    };
    for (const [x, y, size] of places) {
      const kind = Math.floor(rnd() * 3), own = 0.9 + 0.22 * rnd(), turn = rnd() * 6;
      const r = size * 0.46, z = size * 0.26, h = size * 0.96;
      const base = v;
      const tiers = [[0.6, z, -0.25], [1, z + h * 0.4, 0.35], [0.62, z + h * 0.82, 0.75]];
      tiers.forEach(([k, height, up]) => {
        for (let s = 0; s < N; s++) {
          const a = turn + (s / N) * Math.PI * 2, nx = Math.cos(a), ny = Math.sin(a);
          const flat = Math.sqrt(1 - up * up);
          const lit = 0.5 + 0.68 * Math.max(0, (-0.53 * nx - 0.6 * ny) * flat + 0.6 * up) + 0.12 * up;
          put(x + r * k * nx, y + r * k * ny, height, lit * own * (up < 0 ? 0.72 : 1), kind);
        }
      });
      const tip = put(x, y, z + h, 1.12 * own, kind);
      for (let s = 0; s < N; s++) {
        const t = (s + 1) % N;
        for (const tier of [0, 1]) {
          const a = base + tier * N + s, b = base + tier * N + t, c = a + N, d = b + N;
          index.set([a, b, d, a, d, c], n);
          n += 6;
        }
        index.set([base + 2 * N + s, base + 2 * N + t, tip], n);
        n += 3;
      }
    }
    return { position, shade, index };
  }

  const GAP = 2.6; // metres of air between lifted storeys
  const SLAB = 0.35;

  /**
   * The floors of one building lifted apart, one cell per home. `detail` is the answer of
   * map_scene.building_detail. Cells cut the footprint's rectangle into staircases and homes, in the order of
   * their numbers: where a home lies within its storey is a drawing, storey and staircase are true.
   * -> {mesh, colours (per cell, texel order), height, places: Map home_id -> {centre, corners, z0, z1}}
   */
  function liftedFloors(scene, i, detail, colourOf) {
    const { b_first_ring: first, b_ring: ring, b_xy: xy } = scene;
    const outline = parts.geometry.ringPoints(xy, ring, first[i]);
    const f = frame(outline);
    const floors = detail.floors || Math.max(1, Math.round(scene.b_height[i] / 3));
    if (!f || !detail.homes.length || floors > 60) return null;
    const storey = scene.b_height[i] / floors;
    const builder = new Builder(floors * 200, floors * 300);
    const colours = [], places = new Map();
    const units = Math.max(1, detail.units.length);
    const byFloor = new Map();
    for (const home of detail.homes) {
      const key = `${home.floor ?? 1}/${home.unit}`;
      byFloor.set(key, [...(byFloor.get(key) || []), home]);
    }
    const cell = (s0, s1, t0, t1, z0, z1, state, home) => {
      const corners = [[s0, t0], [s1, t0], [s1, t1], [s0, t1]].map(([s, t]) => f.at(s, t));
      const n = colours.length;
      colours.push(colourOf(state));
      builder.prism(corners, z0, z1, n);
      if (home) places.set(home.home_id, { corners, z0, z1, state, centre: [...f.at((s0 + s1) / 2, (t0 + t1) / 2), (z0 + z1) / 2] });
    };
    for (let floor = 1; floor <= floors; floor++) {
      const z0 = scene.b_base[i] + (floor - 1) * (storey + GAP), z1 = z0 + storey - SLAB;
      cell(f.s0, f.s1, f.t0, f.t1, z0 - SLAB, z0, "slab", null);
      for (let u = 0; u < units; u++) {
        const homes = byFloor.get(`${floor}/${u}`) || [];
        const a = f.s0 + (f.length * u) / units, b = f.s0 + (f.length * (u + 1)) / units;
        const n = Math.max(1, homes.length);
        // more than three doors on a landing: homes lie on both sides of the corridor
        const rows = n > 3 ? 2 : 1, columns = Math.ceil(n / rows);
        for (let k = 0; k < n; k++) {
          const column = k % columns, row = Math.floor(k / columns);
          const s0 = a + ((b - a) * column) / columns + (column ? 0.18 : 0.36);
          const s1 = a + ((b - a) * (column + 1)) / columns - (column + 1 < columns ? 0.18 : 0.36);
          const t0 = f.t0 + (f.width * row) / rows + 0.25, t1 = f.t0 + (f.width * (row + 1)) / rows - 0.25;
          cell(s0, s1, t0, t1, z0, z1, homes[k] ? homes[k].state : "none", homes[k] || null);
        }
      }
    }
    const height = floors * (storey + GAP) - GAP;
    return { mesh: builder.done(), colours, height, floors, storey: storey + GAP, heightOfStorey: storey, frame: f, places };
  }

  parts.mesh = { random, frame, buildings, trees, liftedFloors, GAP };
})();
