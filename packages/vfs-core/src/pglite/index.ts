// PGlite on a Vfs (`@wasm-vfs/core/pglite`). Knows PGlite's types and the Emscripten glue, and no
// backend; PGlite itself is never imported.

export { pgliteOptions, type OptionsForPGlite } from './options.ts'
