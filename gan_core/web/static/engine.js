// What the app answers to the explorer's page, answered in the visitor's own browser: the generator runs here.
import { fromText, move, normals, toText, travel } from "./latents.js";

const NEARBY_NOISE = 0.35;

// Pictures of z, in the order in which they were asked for: the runtime takes one call at a time.
class Generator {
  constructor(session, Tensor, size) {
    Object.assign(this, { session, Tensor, size, last: Promise.resolve() });
  }

  // The pixels RGBA of rows of z, one Uint8ClampedArray each.
  pixels(rows) {
    const run = this.last.then(async () => {
      const width = rows[0].length, z = new Float32Array(rows.length * width);
      rows.forEach((row, i) => z.set(row, i * width));
      const { pixels } = await this.session.run({ z: new this.Tensor("float32", z, [rows.length, width]) });
      const bytes = pixels.data, each = 4 * this.size * this.size;
      return rows.map((_, i) => new Uint8ClampedArray(bytes.buffer, bytes.byteOffset + i * each, each));
    });
    this.last = run.catch(() => {});
    return run;
  }

  async pictures(rows) {
    return (await this.pixels(rows)).map((bytes) => {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = this.size;
      canvas.getContext("2d").putImageData(new ImageData(bytes, this.size), 0, 0);
      return canvas;
    });
  }
}

// The z and class weights of a point (Explorer.z).
export function zOf(point, site, vectors) {
  const { latentDim, classes } = site, given = point.z && fromText(point.z);
  if (given && given.length !== latentDim && given.length !== latentDim + classes.length) throw new Error("this picture belongs to another model");
  const base = given ? given.subarray(0, latentDim) : normals(point.seed || 0, latentDim);
  const steps = Object.entries(point.moves || {}).filter(([, amount]) => amount).map(([id, amount]) => {
    if (!vectors[id]) throw new Error(`this model has no direction '${id}'`);
    return [vectors[id], amount];
  });
  const whole = new Float32Array(latentDim + classes.length);
  whole.set(steps.length ? move(base, steps) : base);
  whole.set(weightsOf(point, given, site), latentDim);
  return whole;
}

function weightsOf({ seed, label }, given, { latentDim, classes }) {
  if (given && given.length > latentDim && (label ?? null) === null) return given.subarray(latentDim);
  const chosen = label ?? (seed || 0) % Math.max(classes.length, 1);
  return Float32Array.from(classes, (_, i) => (i === chosen ? 1 : 0));
}

// `site` is what site.json says; the result has the functions that the page calls.
export function answers(site, session, Tensor) {
  const vectors = Object.fromEntries(site.directions.map((each) => [each.id, fromText(each.vector)]));
  const G = new Generator(session, Tensor, site.size), z = (point) => zOf(point, site, vectors);
  const about = { name: site.name, keys: { newest: site.key }, which: "newest", training: false };
  const zOfView = (view) => (view?.t === undefined ? z(view?.at ?? {}) : travel(z(view.a), z(view.b), view.t, site.latentDim));
  const asPoint = (whole) => ({ seed: 0, moves: {}, label: null, z: toText(whole) });
  const functions = {
    async models() { return { models: [about] }; },
    async open_model() {
      const { size, latentDim, classes, seen, data, terms, key } = site;
      return { ...about, size, latentDim, classes, seen, data, terms, key, comparable: false };
    },
    async directions() {
      return { directions: site.directions.map(({ vector, ...each }) => each), range: site.range };
    },
    async face({ view }) { return { image: (await G.pictures([zOfView(view)]))[0] }; },
    async faces({ points }) {
      if (!points?.length) return { images: [] };
      return { images: (await G.pictures(points.map(z))).map((canvas) => canvas.toDataURL()) };
    },
    async between({ a, b, t }) { return { point: asPoint(zOfView({ a, b, t })) }; },
    async nearby({ point, count = 8 }) {
      const here = z(point), z0 = here.subarray(0, site.latentDim);
      const points = Array.from({ length: count }, () => {
        const noise = normals(Math.floor(Math.random() * 2 ** 31), site.latentDim);
        const whole = Float32Array.from(here);
        whole.set(move(z0, [[noise, NEARBY_NOISE]]));
        return asPoint(whole);
      });
      return { points, images: (await functions.faces({ points })).images };
    },
  };
  return Object.fromEntries(Object.entries(functions).map(([name, answer]) => [name, async (request) => {
    try {
      return await answer(request ?? {});
    } catch (error) {
      return { error: error.message };
    }
  }]));
}
