// A browser that does not answer: an open ends with an error that says which call, and holds nothing.

import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { closeSession, openSession, put, SimulatedOpfs } from './harness.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** `call` is not answered any more, by whichever of the simulation's handles has it. */
async function silence(opfs: SimulatedOpfs, call: string): Promise<void> {
  const file = await opfs.root.getFileHandle('other', { create: true })
  await opfs.root.removeEntry('other')
  const [owner] = [opfs.root, file].filter((handle) => call in handle)
  const handles = Object.getPrototypeOf(owner) as Record<string, () => unknown>
  const never = (): Promise<never> => new Promise(() => {})
  vi.spyOn(handles, call).mockImplementation(call === 'entries' ? () => ({ next: never }) : never)
}

function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing failed',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
}

it.each(['getDirectoryHandle', 'getFileHandle', 'entries', 'createSyncAccessHandle'])(
  'an open does not wait for %s for good',
  async (call) => {
    const opfs = new SimulatedOpfs()
    const session = await openSession(opfs)
    put(session.vfs, '/a', 'a')
    await closeSession(session)
    await silence(opfs, call)
    const message = new RegExp(
      `^ETIMEDOUT.*${call} was not answered by the browser within 30000 ms`,
    )
    const refused = failureOf(openSession(opfs))
    await vi.advanceTimersByTimeAsync(31_000)
    expect(await refused).toMatch(message)
    vi.restoreAllMocks()
    await openSession(opfs)
  },
)

it('a landing does not wait for a move for good', async () => {
  const opfs = new SimulatedOpfs()
  const session = await openSession(opfs, {}, { limits: { smallMax: 0 } })
  put(session.vfs, '/a', 'a')
  await silence(opfs, 'move')
  const refused = failureOf(closeSession(session))
  await vi.advanceTimersByTimeAsync(31_000)
  expect(await refused).toMatch(/^ETIMEDOUT.*move was not answered/)
})
