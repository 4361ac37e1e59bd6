import { VfsError } from '@wasm-vfs/core/backend'
import { expect, it } from 'vitest'
import { FlushOrder } from './flush-order.ts'
import { StoredFile } from './stored-file.ts'

it('a deferred flush that has failed is never tried again, and fails for good, also when its file is gone', () => {
  const order = new FlushOrder(500)
  let flushes = 0
  const flush = (): void => {
    flushes++
    if (flushes === 1) throw new VfsError('EIO', 'fsync')
  }
  const file = new StoredFile(7, 'a', 0)
  file.open = { flush } as unknown as NonNullable<StoredFile['open']>
  order.defer(file)
  expect(() => order.flushAll()).toThrow(/EIO/)
  expect(order.failure).toMatchObject({ code: 'EIO' })
  expect(order.deadline).toBeUndefined()
  expect(() => order.flushAll()).toThrow(order.failure)
  order.forget(file)
  expect(() => order.flushAll()).toThrow(order.failure)
  expect(flushes).toBe(1)
})
