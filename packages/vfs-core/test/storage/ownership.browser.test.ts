// One owner per store, in real browsers.

import { takeOwnership } from '@wasm-vfs/core/backend'
import { describe, expect, it, vi } from 'vitest'

let lastLock = 0
const freshName = (): string => `ownership-${++lastLock}-${Math.random()}`

describe('the owner of a store', () => {
  it('is one at a time: a second gets EBUSY at once, and the store when it is free', async () => {
    const name = freshName()
    const release = await takeOwnership(name)
    await expect(takeOwnership(name)).rejects.toMatchObject({ code: 'EBUSY', operation: 'open' })
    await release()
    const releaseNext = await takeOwnership(name)
    await releaseNext()
  })

  it('can be waited for', async () => {
    const name = freshName()
    const release = await takeOwnership(name)
    const second = takeOwnership(name, { wait: true })
    await release()
    const releaseSecond = await second
    await expect(takeOwnership(name)).rejects.toMatchObject({ code: 'EBUSY' })
    await releaseSecond()
  })

  it('can be waited for until a signal aborts, and then nothing is left behind', async () => {
    const name = freshName()
    const release = await takeOwnership(name)
    const impatience = new AbortController()
    const second = takeOwnership(name, { wait: impatience.signal })
    impatience.abort()
    await expect(second).rejects.toMatchObject({ code: 'ECANCELED' })
    await release()
    const releaseNext = await takeOwnership(name)
    await releaseNext()
  })

  it('hands over when asked', async () => {
    const name = freshName()
    const onTakeOver = vi.fn(() => release())
    const release = await takeOwnership(name, { onTakeOver })
    const second = await takeOwnership(name, { takeOver: true })
    expect(onTakeOver).toHaveBeenCalledOnce()
    await second()
  })

  it('may ignore it: whoever asked and waits gets the store when it is free', async () => {
    const name = freshName()
    const onTakeOver = vi.fn()
    const release = await takeOwnership(name, { onTakeOver })
    const second = takeOwnership(name, { takeOver: true, wait: true })
    await vi.waitFor(() => expect(onTakeOver).toHaveBeenCalledOnce())
    await release()
    const releaseNext = await second
    await releaseNext()
  })

  it('may ignore it: whoever asked and set a deadline is told when it has passed', async () => {
    const name = freshName()
    const release = await takeOwnership(name)
    const second = takeOwnership(name, { takeOver: true, wait: AbortSignal.timeout(100) })
    await expect(second).rejects.toMatchObject({ code: 'ETIMEDOUT', operation: 'open' })
    await release()
  })

  it('is not asked when there is none', async () => {
    const name = freshName()
    const release = await takeOwnership(name, { takeOver: true })
    await expect(takeOwnership(name)).rejects.toMatchObject({ code: 'EBUSY' })
    await release()
  })
})
