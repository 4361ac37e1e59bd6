// The public face of @wasm-vfs/idb.

export { openIdb } from './open.ts'
export type { IdbOptions, OpenProgress } from './options.ts'
export { deleteIdb, listIdb } from './stores.ts'
