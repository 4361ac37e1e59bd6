// Owns a store without Web Locks, and can be made deaf.

import { ROOT_INO, type Vfs } from '@wasm-vfs/core'
import { serveTasks } from '@wasm-vfs/core/testing'
import { openIdb } from '@wasm-vfs/idb'
import { hideLocks } from './without-locks.ts'

hideLocks()
let vfs: Vfs | undefined

serveTasks({
  async open(name: string) {
    vfs = await openIdb(name)
  },

  write(name: string) {
    vfs!.create(ROOT_INO, name, 0o644)
  },

  /** Blocks the worker, which answers nobody meanwhile; from after this call has been answered. */
  beDeafFor(milliseconds: number) {
    setTimeout(() => {
      const end = performance.now() + milliseconds
      while (performance.now() < end);
    }, 0)
  },

  sync: () => vfs!.sync(),
  close: () => vfs!.close(),
})
