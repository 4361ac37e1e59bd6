// A browser that does not answer: an open ends with an error that says which call, and holds nothing.

import { silence } from '@wasm-vfs/core/testing/simulated-opfs'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { closeSession, openSession, put, SimulatedOpfs } from './harness.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

let answerAgain = (): void => {}

afterEach(() => {
  answerAgain()
  vi.useRealTimers()
})

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
    answerAgain = await silence(opfs, call)
    const message = new RegExp(
      `^ETIMEDOUT.*${call} was not answered by the browser within 30000 ms`,
    )
    const refused = failureOf(openSession(opfs))
    await vi.advanceTimersByTimeAsync(31_000)
    expect(await refused).toMatch(message)
    answerAgain()
    await openSession(opfs)
  },
)

it('a landing does not wait for a move for good', async () => {
  const opfs = new SimulatedOpfs()
  const session = await openSession(opfs, {}, { limits: { smallMax: 0 } })
  put(session.vfs, '/a', 'a')
  answerAgain = await silence(opfs, 'move')
  const refused = failureOf(closeSession(session))
  await vi.advanceTimersByTimeAsync(31_000)
  expect(await refused).toMatch(/^ETIMEDOUT.*move was not answered/)
})
