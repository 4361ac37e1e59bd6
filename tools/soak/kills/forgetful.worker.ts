// A store that keeps nothing until it is closed, to see that the rounds notice: no fsync reaches it.

import type { Vfs } from '../../../packages/vfs-core/src/index.ts'
import { openOpfsAhp } from '../../../packages/vfs-opfs-ahp/src/index.ts'
import { serveKills } from './worker.ts'

serveKills(async (name, settings) => {
  const vfs = await openOpfsAhp(name, settings)
  let loaded = false
  return new Proxy(vfs, {
    get(target, key: keyof Vfs) {
      if (key === 'fsync') return () => {}
      if (key === 'sync') {
        // The first one ends the first load, without which there is no database to lose anything of.
        return () => (loaded ? Promise.resolve() : target.sync().then(() => void (loaded = true)))
      }
      const value: unknown = target[key]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
})
