// What a backend is built from (`@wasm-vfs/core/backend`): the engine, its two ports, and the helpers
// that every persistent backend shares. Programs do not need this; authors of backends do.

export * from './contract/index.ts'
export * from './engine/index.ts'
export * from './storage/index.ts'
export { CHUNK_SIZE, ChunkedContent } from './memory/chunked-content.ts'
