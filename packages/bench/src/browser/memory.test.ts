// Who answers a question about memory. What a browser measures is seen by ../../test/cli.e2e.test.ts.

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { answerMemoryQuestions, memoryBytes } from './memory.ts'

const WORKER = { bytes: 4_096, attribution: [{ scope: 'DedicatedWorkerGlobalScope' }] }
const WINDOW = { bytes: 512, attribution: [{ scope: 'Window' }] }
const measure = vi.fn<() => Promise<object>>()

beforeEach(() => {
  measure.mockReset()
  Object.assign(performance, { measureUserAgentSpecificMemory: measure })
})

afterEach(() => {
  Reflect.deleteProperty(performance, 'measureUserAgentSpecificMemory')
})

test('the page that started the worker answers, no other of the origin', async () => {
  const closeOther = answerMemoryQuestions('other')
  const close = answerMemoryQuestions('own')
  measure.mockResolvedValue({ breakdown: [WINDOW, WORKER] })
  await expect(memoryBytes('own')).resolves.toBe(WORKER.bytes)
  await expect(memoryBytes('own')).resolves.toBe(WORKER.bytes)
  expect(measure).toHaveBeenCalledTimes(2)
  close()
  closeOther()
})

test('a measurement without workers is an error', async () => {
  const close = answerMemoryQuestions('own')
  measure.mockResolvedValue({ breakdown: [WINDOW] })
  await expect(memoryBytes('own')).rejects.toThrow('left the workers out')
  close()
})
