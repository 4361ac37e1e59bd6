// One owner per store where there are no Web Locks. An owner that does not answer loses the store to the
// next one; whatever happens, commits of two owners never mix.

import { ROOT_INO, type Vfs } from '@wasm-vfs/core'
import { TaskWorker } from '@wasm-vfs/core/testing'
import { deleteIdb, listIdb, openIdb } from '@wasm-vfs/idb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { withStore } from './raw.ts'
import { hideLocks, showLocks } from './without-locks.ts'

const DEADLINE_MS = 30_000
const DEAF_MS = 5000

const names = (vfs: Vfs): string[] => vfs.readdir(ROOT_INO).map(({ name }) => name)

describe('without Web Locks, a store', () => {
  const worker = new TaskWorker(
    () => new Worker(new URL('./without-locks.worker.ts', import.meta.url), { type: 'module' }),
  )
  const call = (task: string, argument?: unknown): Promise<unknown> =>
    worker.call(task, argument, DEADLINE_MS)

  beforeEach(hideLocks)
  afterEach(() => {
    showLocks()
    worker.terminate()
  })

  it('has one owner: a second gets EBUSY, and the store when it is free', () =>
    withStore('unlocked-one', async (vfs, again) => {
      expect(navigator.locks).toBeUndefined()
      vfs.create(ROOT_INO, 'kept', 0o644)
      await expect(openIdb('unlocked-one')).rejects.toMatchObject({ code: 'EBUSY' })
      await expect(deleteIdb('unlocked-one')).rejects.toMatchObject({ code: 'EBUSY' })
      await vfs.sync()
      expect(names(await again())).toEqual(['kept'])
    }))

  it('can be waited for, and until a signal aborts', () =>
    withStore('unlocked-wait', async (vfs) => {
      const impatient = openIdb('unlocked-wait', { wait: AbortSignal.timeout(300) })
      await expect(impatient).rejects.toMatchObject({ code: 'ETIMEDOUT' })
      const second = openIdb('unlocked-wait', { wait: true })
      vfs.create(ROOT_INO, 'kept', 0o644)
      await vfs.close()
      const opened = await second
      expect(names(opened)).toEqual(['kept'])
      await opened.close()
    }))

  it('is handed over when asked', async () => {
    const onTakeOver = vi.fn(() => first.close())
    const first = await openIdb('unlocked-handed', { onTakeOver })
    first.create(ROOT_INO, 'kept', 0o644)
    const second = await openIdb('unlocked-handed', { takeOver: true })
    expect(onTakeOver).toHaveBeenCalledOnce()
    expect(names(second)).toEqual(['kept'])
    await second.close()
    await deleteIdb('unlocked-handed')
  })

  it('of an owner that died goes to the next', async () => {
    await call('open', 'unlocked-dead')
    await call('write', 'kept')
    await call('sync')
    worker.terminate()
    const vfs = await openIdb('unlocked-dead')
    expect(names(vfs)).toEqual(['kept'])
    await vfs.close()
    await deleteIdb('unlocked-dead')
  })

  it('of an owner that does not answer goes to the next, and the former cannot write any more', async () => {
    await call('open', 'unlocked-deaf')
    await call('write', 'kept')
    await call('sync')
    await call('writeAndBeDeaf', { name: 'never', milliseconds: DEAF_MS })
    const vfs = await openIdb('unlocked-deaf')
    vfs.create(ROOT_INO, 'new', 0o644)
    await vfs.sync()
    await expect(call('sync')).rejects.toThrow('ESTALE')
    await expect(call('sync')).rejects.toThrow('has taken this store over')
    await expect(call('close')).rejects.toThrow('ESTALE')
    vfs.create(ROOT_INO, 'newer', 0o644)
    await vfs.close()
    const again = await openIdb('unlocked-deaf')
    expect(names(again)).toEqual(['kept', 'new', 'newer'])
    await again.close()
    await deleteIdb('unlocked-deaf')
  })

  it('is deleted, and nothing is left of it', async () => {
    await (await openIdb('unlocked-deleted')).close()
    await deleteIdb('unlocked-deleted')
    await deleteIdb('unlocked-never-there')
    const listed = await listIdb()
    expect(listed.filter((name) => name.startsWith('unlocked-'))).toEqual([])
  })
})
