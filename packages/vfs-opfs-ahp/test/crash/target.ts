// opfs-ahp as the crash machinery of the core sees it.

import { VfsError } from '@wasm-vfs/core'
import { SimulatedOpfs, type CallKind } from '@wasm-vfs/core/testing/simulated-opfs'
import {
  ONE_MOMENT,
  VfsProgram,
  type CrashTarget,
  type StoreOptions,
} from '@wasm-vfs/core/testing/crash'
import { checkOpfsAhp, openOpfsAhp } from '@wasm-vfs/opfs-ahp'

const NAME = 'store'
const HANDLES = 10
/** The least that the options allow. */
const HANDLES_MIN = 8
const WINDOW_MS = 500

const ABSORBED: ReadonlySet<CallKind> = new Set([
  'truncate',
  'getFileHandle',
  'createSyncAccessHandle',
  'getSize',
])

/** As the machinery sees it, and with the Vfs for tests of this backend. */
export interface OpfsAhpTarget extends CrashTarget {
  open(opfs: SimulatedOpfs, options: StoreOptions): Promise<VfsProgram>
}

export const target: OpfsAhpTarget = {
  name: 'opfs-ahp',
  settlingMs: 60_000,
  windowMs: WINDOW_MS,

  handlesMin: HANDLES_MIN,
  tree: ONE_MOMENT,

  async open(opfs, { level, cacheBytes, maxHandles = HANDLES }) {
    return new VfsProgram(
      await openOpfsAhp(NAME, {
        directory: opfs.root,
        durability: level,
        cacheBytes,
        windowMs: WINDOW_MS,
        maxHandles,
      }),
    )
  },

  async check(image) {
    const directory = new SimulatedOpfs({ image }).root
    const { problems, closed } = await checkOpfsAhp(NAME, { directory })
    return closed ? problems : [...problems, 'the store does not say that it was closed']
  },

  refusal: (error) =>
    error instanceof VfsError && error.code === 'EIO' && error.message.includes('never settled')
      ? { kind: 'never settled' }
      : undefined,

  // A generous reservation is made smaller, an image is tried again later, a file that does not open is tried
  // again with fewer handles, and a spare is not needed.
  absorbs: ({ kind, path }) => ABSORBED.has(kind) || path.endsWith('/state-b.jsonl'),
}
