// The simulation keeps the rules of OPFS, and its own: faults, quota, crashes.

import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { describe, it } from 'vitest'
import { rules } from './rules.ts'

describe('the simulated OPFS', () => {
  for (const { name, run } of rules) {
    // eslint-disable-next-line vitest/expect-expect -- a rule throws when it is broken
    it(name, () => run(new SimulatedOpfs().root))
  }
})
