// ONNX Runtime Web with what this browser has: WebGPU if there is an adapter and it is the faster one, else WebAssembly.
// Its files lie beside this one, compressed, so that any web server will do.

const KINDS = {
  webgpu: { module: "./ort/ort.webgpu.bundle.min.mjs", wasm: "ort/ort-wasm-simd-threaded.asyncify.wasm.gz" },
  wasm: { module: "./ort/ort.wasm.bundle.min.mjs", wasm: "ort/ort-wasm-simd-threaded.wasm.gz" },
};

async function fetched(path, onBytes) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} is missing (${answer.status})`);
  const reader = answer.body.getReader(), parts = [];
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    onBytes(part.value.length);
  }
  return new Blob(parts);
}

// A server that says so unpacks .gz files on their way; the first bytes tell.
async function unpacked(blob) {
  const [one, two] = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  const packed = one === 0x1f && two === 0x8b;
  return packed ? new Response(blob.stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer() : blob.arrayBuffer();
}

async function hasGpu() {
  try {
    return Boolean(await navigator.gpu?.requestAdapter());
  } catch {
    return false;
  }
}

async function open(kind, model, onBytes) {
  const ort = await import(KINDS[kind].module);
  Object.assign(ort.env.wasm, { numThreads: 1, wasmBinary: await unpacked(await fetched(KINDS[kind].wasm, onBytes)) });
  const session = await ort.InferenceSession.create(model, { executionProviders: [kind] });
  return { kind, session, Tensor: ort.Tensor };
}

// A session for the model file; `onBytes` hears how much of the page's files has come.
export async function openRuntime(path, onBytes) {
  const model = new Uint8Array(await (await fetched(path, onBytes)).arrayBuffer());
  if (await hasGpu()) {
    try {
      return await open("webgpu", model, onBytes);
    } catch (error) {
      console.warn("WebGPU did not work, WebAssembly does:", error);
    }
  }
  return open("wasm", model, onBytes);
}
