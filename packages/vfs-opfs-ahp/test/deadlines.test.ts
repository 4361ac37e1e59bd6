// A browser that does not answer: an open ends with an error that says which call, and holds nothing.

import { ROOT_INO } from '@wasm-vfs/core'
import { silence, SimulatedOpfs } from '@wasm-vfs/core/testing/simulated-opfs'
import { openOpfsAhp } from '@wasm-vfs/opfs-ahp'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

const DEADLINE_MS = 30_000

let answerAgain = (): void => {}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  answerAgain()
  vi.useRealTimers()
})

/** A store with a file, closed. */
async function storeWith(name: string): Promise<SimulatedOpfs> {
  const opfs = new SimulatedOpfs()
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  vfs.create(ROOT_INO, name, 0o644)
  await vfs.close()
  return opfs
}

it.each(['getDirectoryHandle', 'getFileHandle', 'createSyncAccessHandle'])(
  'an open does not wait for %s for good',
  async (call) => {
    const opfs = await storeWith('kept')
    answerAgain = await silence(opfs, call)
    const refused = openOpfsAhp('store', { directory: opfs.root }).catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(DEADLINE_MS + 1000)
    expect(await refused).toMatchObject({
      code: 'ETIMEDOUT',
      message: expect.stringContaining(
        `${call} was not answered by the browser within ${DEADLINE_MS} ms`,
      ),
    })
    answerAgain()
    const vfs = await openOpfsAhp('store', { directory: opfs.root })
    expect(vfs.readdir(ROOT_INO).map(({ name }) => name)).toEqual(['kept'])
    await vfs.close()
  },
)
