// What a close puts on storage first, in a session that follows one that died.

import { ROOT_INO } from '@wasm-vfs/core'
import { SimulatedOpfs, type Call } from '@wasm-vfs/core/testing/simulated-opfs'
import { expect, it } from 'vitest'
import { openOpfsAhp } from '../../src/index.ts'

it('a close zeroes the end of a file only when the cut that frees it is on storage', async () => {
  const dying = new SimulatedOpfs()
  const before = await openOpfsAhp('store', { directory: dying.root })
  const file = before.create(ROOT_INO, 'file', 0o644)
  before.write(file, new Uint8Array(4000).fill(7), 0)
  before.fsync(file)
  await before.sync()
  dying.kill()

  const opfs = new SimulatedOpfs({ image: dying.image() })
  const vfs = await openOpfsAhp('store', { directory: opfs.root })
  vfs.truncate(vfs.lookup(ROOT_INO, 'file'), 1000)
  const calls: Call[] = []
  opfs.watcher.changed = (call) => void calls.push(call)
  await vfs.close()

  const zeroed = calls.findIndex(({ kind, path }) => kind === 'write' && path.includes('/data/'))
  const logged = calls.findIndex(({ kind, path }) => kind === 'flush' && path.includes('state-'))
  expect(zeroed).toBeGreaterThan(-1)
  expect(logged).toBeGreaterThan(-1)
  expect(logged).toBeLessThan(zeroed)
})
