// Says what this browser lacks of what backends need: in a worker, because access handles are only there.
// Started by open.ts.

import type { Requirement } from '../../backends/backend.ts'
import { unmet } from '../requirements.ts'

/** In words, by what is missing. */
export type Missing = Partial<Record<Requirement, string>>

const NEEDS: readonly Requirement[] = ['opfs', 'indexeddb', 'cross-origin-isolation']

declare const self: DedicatedWorkerGlobalScope

const missing: Missing = {}
for (const need of NEEDS) {
  const reason = await unmet([need])
  if (reason !== undefined) missing[need] = reason
}
self.postMessage(missing)
