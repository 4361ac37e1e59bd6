// The simulation keeps the rules of OPFS.

import { SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { describe, expect, it } from 'vitest'
import { rules } from './rules.ts'

describe('the simulated OPFS', () => {
  it.each(rules)('$name', async ({ run }) => {
    await expect(run(new SimulatedOpfs().root)).resolves.toBeUndefined()
  })
})
