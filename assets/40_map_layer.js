// The one deck.gl layer that draws the scene: a few baked meshes, colour per building from a small texture.
// An update rewrites the texels that changed; no mesh, no layer and no attribute is rebuilt.
(() => {
  "use strict";
  const parts = (window.CimMapParts = window.CimMapParts || {});

  const shaders = () => parts.shaders; // a file that loads after this one
  const SOLID = { depthCompare: "less-equal", depthWriteEnabled: true, cullMode: "back", blend: false };

  const BLENDED = {
    depthWriteEnabled: false, cullMode: "none", blend: true,
    blendColorOperation: "add", blendColorSrcFactor: "one", blendColorDstFactor: "one-minus-src-alpha",
    blendAlphaOperation: "add", blendAlphaSrcFactor: "one", blendAlphaDstFactor: "one-minus-src-alpha",
  };

  /** Mesh of lines [[from, to, [r, g, b, a]], ...] as thin quads that keep their width in pixels. */
  function lineMesh(lines) {
    const n = lines.length;
    const position = new Float32Array(n * 12), other = new Float32Array(n * 12);
    const side = new Float32Array(n * 8), colour = new Uint8Array(n * 16), index = new Uint32Array(n * 6);
    lines.forEach(([a, b, c], k) => {
      [[a, b, 1], [a, b, -1], [b, a, 1], [b, a, -1]].forEach(([p, q, s], v) => {
        position.set(p, k * 12 + v * 3);
        other.set(q, k * 12 + v * 3);
        side.set([s, 0], k * 8 + v * 2);
        colour.set(c, k * 16 + v * 4);
      });
      const v = k * 4;
      index.set([v, v + 1, v + 2, v, v + 2, v + 3], k * 6);
    });
    return { position, other, side, colour, index };
  }

  const MOST_PATCHED = 2000; // more changed buildings than this: a whole frame is not dearer

  let LayerClass = null;

  /** The layer class; made on first use, because deck.gl comes after this file. */
  function sceneLayer() {
    if (LayerClass) return LayerClass;
    const { Layer } = window.deck;
    const { Model, Buffer } = window.luma;
    const { WIDTH } = parts.shaders;

    LayerClass = class CimSceneLayer extends Layer {
      initializeState() {
        const manager = this.getAttributeManager();
        if (manager) manager.remove(["instancePickingColors"]);
        this.owned = new Map(); // name -> {model, buffers, textures}
        this.props.onReady(this);
      }
      getModels() { return []; } // drawn below, in an order and with uniforms of its own
      shouldUpdateState() { return false; }

      _replace(name, made) {
        const old = this.owned.get(name);
        if (made) this.owned.set(name, made); else this.owned.delete(name);
        if (old) this._free(old);
        this.setNeedsRedraw();
      }
      _free({ model, patch, buffers, textures }) {
        if (model) model.destroy();
        if (patch) patch.destroy();
        for (const b of buffers || []) b.destroy();
        for (const t of textures || []) t.destroy();
      }
      finalizeState(context) {
        super.finalizeState(context);
        for (const item of this.owned.values()) this._free(item);
        this.owned.clear();
      }

      _model(id, vs, fs, layout, data, index, bindings, parameters) {
        const device = this.context.device;
        const attributes = {}, buffers = [];
        for (const [name] of layout) {
          const buffer = device.createBuffer({ data: data[name] });
          attributes[name] = buffer;
          buffers.push(buffer);
        }
        const indexBuffer = device.createBuffer({ usage: Buffer.INDEX, data: index });
        buffers.push(indexBuffer);
        const bufferLayout = layout.map(([name, format]) => ({ name, format }));
        const again = (indices, vertexCount) => new Model(device, {
          id, vs, fs, modules: [shaders().cim], topology: "triangle-list", isInstanced: false, vertexCount,
          indexBuffer: indices, attributes, bindings, parameters, bufferLayout,
        });
        return { model: again(indexBuffer, index.length), again, buffers, textures: [] };
      }

      _texels(count, format, data) {
        const height = Math.max(1, Math.ceil(count / WIDTH));
        return this.context.device.createTexture({
          width: WIDTH, height, format, data, mipLevels: 1,
          sampler: { minFilter: "nearest", magFilter: "nearest" },
        });
      }

      _prisms(name, mesh, count, form, colours) {
        const state = this._texels(count, "rgba8unorm", colours);
        const other = this._texels(count, "rgba8unorm", colours);
        const shape = this._texels(count, "rgba32float", form);
        const made = this._model(
          `cim-${name}`, shaders().BUILDING_VS, shaders().BUILDING_FS,
          [["positions", "float32x3"], ["extras", "float32x4"], ["normals", "snorm8x4"]],
          { positions: mesh.position, extras: mesh.extra, normals: mesh.normal }, mesh.index,
          { stateTex: state, otherTex: other, formTex: shape }, SOLID,
        );
        made.textures = [state, other, shape];
        made.state = state;
        made.other = other;
        made.mesh = mesh;
        this._replace(name, made);
      }
      /** `form` and `colours` hold one texel per building (padded to whole rows of WIDTH). */
      setBuildings(mesh, count, form, colours) { this._prisms("buildings", mesh, count, form, colours); }
      setFloors(mesh, count, form, colours) {
        if (mesh) this._prisms("floors", mesh, count, form, colours); else this._replace("floors", null);
      }
      /**
       * Writes the texels of some buildings (null: all) and shows them. When nothing else is to be redrawn, only
       * those buildings are drawn over the kept picture: same shape, same depth, new colour. So a change costs
       * what it changes, not a frame, which is what a screen without a graphics card needs.
       */
      recolour(colours, numbers) {
        const item = this.owned.get("buildings");
        if (!item) return;
        const rows = colours.length / 4 / WIDTH;
        const of = (numbers || []).map((i) => Math.floor(i / WIDTH));
        const from = numbers ? Math.min(...of) : 0, to = numbers ? Math.max(...of) : rows - 1;
        item.state.writeData(colours.subarray(from * WIDTH * 4, (to + 1) * WIDTH * 4), {
          x: 0, y: from, width: WIDTH, height: to - from + 1,
        });
        const covered = this.owned.has("floors") || this.owned.has("outline") || this.owned.has("wire");
        const kept = numbers && this.drawn && !covered && numbers.length <= MOST_PATCHED && this._pictureKept();
        if (kept) this._patch(item, numbers); else this.setNeedsRedraw();
      }

      /** Writes all colours of the other instant; the frame that shows them is asked for with the first ones. */
      recolourOther(colours) {
        const item = this.owned.get("buildings");
        if (item) item.other.writeData(colours, { x: 0, y: 0, width: WIDTH, height: colours.length / 4 / WIDTH });
      }

      /** Whether the last whole picture is still in the drawing buffer: nothing due, and no change of its size. */
      _pictureKept() {
        const { deck, device } = this.context, { canvas } = device.gl;
        const [width, height] = device.canvasContext.getDrawingBufferSize();
        const [w, h] = this.drawn.pixels;
        return w === width && h === height && w === canvas.width && h === canvas.height &&
          !deck.needsRedraw({ clearRedrawFlags: false });
      }

      _patch(item, numbers) {
        const { device } = this.context;
        const { firstIndex, index } = item.mesh;
        const length = numbers.reduce((n, i) => n + firstIndex[i + 1] - firstIndex[i], 0);
        if (!length) return;
        const chosen = new Uint32Array(length);
        let n = 0;
        for (const i of numbers) {
          chosen.set(index.subarray(firstIndex[i], firstIndex[i + 1]), n);
          n += firstIndex[i + 1] - firstIndex[i];
        }
        const buffer = device.createBuffer({ usage: Buffer.INDEX, data: chosen });
        if (!item.patch) item.patch = item.again(buffer, length);
        item.patch.setIndexBuffer(buffer);
        item.patch.setVertexCount(length);
        const [width, height] = device.canvasContext.getDrawingBufferSize();
        const pass = device.beginRenderPass({
          framebuffer: device.canvasContext.getCurrentFramebuffer(), parameters: { viewport: [0, 0, width, height] },
          clearColor: false, clearDepth: false, clearStencil: false,
        });
        item.patch.shaderInputs.setProps({ cim: this.drawn });
        item.patch.draw(pass);
        pass.end();
        device.submit();
        buffer.destroy();
      }
      setTrees(mesh) {
        if (!mesh.index.length) { this._replace("trees", null); return; }
        this._replace("trees", this._model(
          "cim-trees", shaders().TREE_VS, shaders().TREE_FS, [["positions", "float32x3"], ["shades", "unorm8x4"]],
          { positions: mesh.position, shades: mesh.shade }, mesh.index, {}, SOLID,
        ));
      }
      /** A canvas on the rectangles [[west, south, east, north], ...] of a picture covering `box`. */
      setGround(name, canvas, box, rectangles, anisotropy) {
        const device = this.context.device;
        const position = [], uv = [], index = [];
        for (const [w, s, e, n] of rectangles) {
          const v = position.length / 2;
          for (const [x, y] of [[w, s], [e, s], [e, n], [w, n]]) {
            position.push(x, y);
            uv.push((x - box[0]) / (box[2] - box[0]), (box[3] - y) / (box[3] - box[1]));
          }
          index.push(v, v + 1, v + 2, v, v + 2, v + 3);
        }
        const { width, height } = canvas;
        const texture = device.createTexture({
          width, height, format: "rgba8unorm", mipLevels: device.getMipLevelCount(width, height),
          sampler: {
            minFilter: "linear", magFilter: "linear", mipmapFilter: "linear", maxAnisotropy: anisotropy,
            addressModeU: "clamp-to-edge", addressModeV: "clamp-to-edge",
          },
        });
        texture.copyExternalImage({ image: canvas, width, height });
        texture.generateMipmapsWebGL();
        const made = this._model(
          `cim-${name}`, shaders().GROUND_VS, shaders().GROUND_FS, [["positions", "float32x2"], ["uvs", "float32x2"]],
          { positions: new Float32Array(position), uvs: new Float32Array(uv) }, new Uint32Array(index),
          { picture: texture }, { depthCompare: "less-equal", depthWriteEnabled: false, cullMode: "none", blend: false },
        );
        made.textures = [texture];
        this._replace(name, made);
      }
      /** Streets as one mesh whose metres are rewritten without rebuilding it (41_map_streets.js); null: none. */
      setStreets(mesh) {
        if (!mesh || !mesh.index.length) { this._replace("streets", null); return; }
        const made = this._model(
          "cim-streets", parts.streetShaders.VS, parts.streetShaders.FS,
          [["positions", "float32x2"], ["others", "float32x2"], ["sides", "float32x4"], ["walks", "float32x2"]],
          { positions: mesh.position, others: mesh.other, sides: mesh.side, walks: mesh.walks }, mesh.index, {},
          { ...BLENDED, depthCompare: "less-equal" },
        );
        made.walks = made.buffers[3];
        this._replace("streets", made);
      }
      setWalks(walks) {
        const item = this.owned.get("streets");
        if (!item) return;
        item.walks.write(walks);
        this.setNeedsRedraw();
      }
      /** Lines over the scene; `always`: seen through everything. */
      setLines(name, lines, always) {
        if (!lines || !lines.length) { this._replace(name, null); return; }
        const m = lineMesh(lines);
        this._replace(name, this._model(
          `cim-${name}`, shaders().LINE_VS, shaders().LINE_FS,
          [["positions", "float32x3"], ["others", "float32x3"], ["sides", "float32x2"], ["colours", "unorm8x4"]],
          { positions: m.position, others: m.other, sides: m.side, colours: m.colour }, m.index, {},
          { ...BLENDED, depthCompare: always ? "always" : "less-equal" },
        ));
      }

      draw() {
        const uniforms = this.props.uniforms(this.context.viewport);
        this.drawn = uniforms;
        if (!uniforms) return;
        // near things first: what they cover of the ground is never shaded
        for (const name of ["buildings", "floors", "trees", "inner", "outer", "streets", "outline", "marks", "wire"]) {
          const item = this.owned.get(name);
          if (!item) continue;
          const own = name === "floors" ? { ...uniforms, pick: [-1, -1, -1, 1], edge: [...uniforms.edge.slice(0, 3), 0.16], ground: [...uniforms.ground.slice(0, 3), 1] } : uniforms;
          item.model.shaderInputs.setProps({ cim: own });
          item.model.draw(this.context.renderPass);
        }
      }
    };
    LayerClass.layerName = "CimSceneLayer";
    LayerClass.defaultProps = {
      uniforms: { type: "function", value: () => null, compare: false },
      onReady: { type: "function", value: () => {}, compare: false },
    };
    return LayerClass;
  }

  parts.layer = { sceneLayer };
})();
