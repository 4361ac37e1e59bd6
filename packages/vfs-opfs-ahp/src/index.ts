// The public face of @wasm-vfs/opfs-ahp.

export { deleteOpfsAhp, openOpfsAhp, type OpfsAhpOptions } from './open.ts'
