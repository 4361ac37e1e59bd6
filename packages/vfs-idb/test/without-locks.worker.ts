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

  /**
   * Blocks the worker, which answers nobody meanwhile; from after this call has been answered. What it writes in
   * the same task is not handed down before the worker hears again: no transaction of its is open while it is
   * deaf, for which the next owner would have to wait.
   */
  writeAndBeDeaf({ name, milliseconds }: { name: string; milliseconds: number }) {
    setTimeout(() => {
      vfs!.create(ROOT_INO, name, 0o644)
      const end = performance.now() + milliseconds
      while (performance.now() < end);
    }, 0)
  },

  sync: () => vfs!.sync(),
  close: () => vfs!.close(),
})
