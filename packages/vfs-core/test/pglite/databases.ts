// Databases for the adapter's tests: a cluster made once and loaded into each test's Vfs, and Vfs
// wrappers for what a memory Vfs cannot show by itself.

import { PGlite } from '@electric-sql/pglite'
import { openMemory } from '../../src/index.ts'
import type { Capabilities, Vfs } from '../../src/contract/index.ts'
import { pgliteOptions } from '../../src/pglite/index.ts'
import { Instrumented } from '../emscripten/instrumented.ts'

let emptyCluster: Promise<Blob> | undefined

/** A dump of a fresh cluster; loading it skips initdb, which takes most of a creation. */
export function emptyClusterDump(): Promise<Blob> {
  emptyCluster ??= (async () => {
    const pg = await PGlite.create(pgliteOptions(await openMemory()))
    const dump = await pg.dumpDataDir('none')
    await pg.close()
    return dump
  })()
  return emptyCluster
}

export interface Database {
  readonly pg: PGlite
  readonly instrumented: Instrumented
  /** What `instrumented` wraps; it survives `pg.close()`, as a store on disk does. */
  readonly store: Vfs
}

/** A running database. `store` reopens one that another PGlite left. */
export async function openDatabase(
  options: { store?: Vfs; relaxedDurability?: boolean; capabilities?: Partial<Capabilities> } = {},
): Promise<Database> {
  const store = options.store ?? (await openMemory())
  const instrumented = new Instrumented(
    withCapabilities(surviving(store), options.capabilities ?? {}),
  )
  const pg = await PGlite.create(
    pgliteOptions(instrumented.vfs, {
      ...(options.store === undefined && { loadDataDir: await emptyClusterDump() }),
      ...(options.relaxedDurability && { relaxedDurability: true }),
    }),
  )
  return { pg, instrumented, store }
}

/** A view of a store whose close leaves the store open, for opening it again. */
export function surviving(store: Vfs): Vfs {
  return withMembers(store, { close: () => store.sync() })
}

export function withCapabilities(vfs: Vfs, changes: Partial<Capabilities>): Vfs {
  return withMembers(vfs, { capabilities: { ...vfs.capabilities, ...changes } })
}

function withMembers(vfs: Vfs, members: Partial<Vfs>): Vfs {
  return new Proxy(vfs, {
    get(target, key) {
      if (key in members) return members[key as keyof Vfs]
      const member: unknown = Reflect.get(target, key, target)
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    },
  })
}

/** Rejects if `work` is not settled in time: for what must fail and must not hang. */
export async function settled<T>(work: Promise<T>, milliseconds: number = 60_000): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not settled in ${milliseconds} ms`)), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
