// What the app answers to the explorer's page, answered in the visitor's own browser: the generator runs here.
import { film, strip } from "./film.js";
import { Timeline, fromText, move, normals, toText, travel } from "./latents.js";

// As in gan_core.latent.places.
const NEARBY_NOISE = 0.5, NUM_NEARBY = 8;
const NO_SERVER = "This page has no server: names and kept pictures stay in your browser.";

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
  const journey = ({ keys, ...how }) => new Timeline(keys.map(({ point, ...piece }) => ({ ...piece, z: z(point) })), site.latentDim, how);
  const zOfView = (view) => (view?.keys ? journey(view).at(view.t) : z(view?.at ?? {}));
  const asPoint = (whole, label = null, moves = {}) => ({ seed: 0, moves, label, z: toText(whole) });
  const works = longWork();
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
    async between({ a, b, t }) {
      return { point: asPoint(travel(z(a), z(b), t, site.latentDim), a.label === b.label ? a.label ?? null : null) };
    },
    async nearby({ point }) {
      const here = z({ ...point, moves: {} }), z0 = here.subarray(0, site.latentDim), first = Math.floor(Math.random() * 2 ** 31);
      const points = Array.from({ length: NUM_NEARBY }, (_, i) => {
        const whole = Float32Array.from(here);
        whole.set(move(z0, [[normals((first + i) % 2 ** 31, site.latentDim), NEARBY_NOISE]]));
        return asPoint(whole, point.label ?? null, point.moves);
      });
      return { points, images: (await functions.faces({ points })).images };
    },
    async morph_moment({ t, ...how }) { return { point: asPoint(journey(how).at(t)) }; },
    async morph_film(how) {
      const way = journey(how), frame = async (t) => (await G.pictures([way.at(t)]))[0];
      const make = how.kind === "strip" ? strip : film;
      return works.begin((report) => make(frame, { ...how, seconds: way.seconds }, report));
    },
    async learned_stages() { return { seen: [], words: [] }; },
    progress: works.progress,
    cancel: works.cancel,
    async save_directions() { throw new Error(NO_SERVER); },
    async add_direction() { throw new Error(NO_SERVER); },
    async delete_direction() { throw new Error(NO_SERVER); },
  };
  return Object.fromEntries(Object.entries(functions).map(([name, answer]) => [name, async (request) => {
    try {
      return await answer(request ?? {});
    } catch (error) {
      return { error: error.message };
    }
  }]));
}

// What takes a while, as the app's page knows it: begun, asked after, cancelled.
function longWork() {
  const works = {};
  let count = 0;
  return {
    begin(make) {
      const id = String(++count), state = works[id] = { share: 0, words: "" };
      const report = (share, words) => {
        if (state.cancelled) throw new Error("Cancelled.");
        Object.assign(state, { share, words });
      };
      make(report).then((result) => { state.result = result; }, (error) => { state.error = error.message; });
      return { work: id };
    },
    async progress({ work }) {
      const { share, words, result, error } = works[work];
      if (result || error) delete works[work];
      return error ? { error } : result ? { result } : { share, words, news: 0 };
    },
    async cancel({ work }) {
      if (works[work]) works[work].cancelled = true;
      return {};
    },
  };
}
