// The public face of @wasm-vfs/opfs-ahp.

export { checkOpfsAhp, type CheckReport } from './check.ts'
export { deleteOpfsAhp } from './delete.ts'
export { openOpfsAhp } from './open.ts'
export type { OpfsAhpOptions } from './options.ts'
