// The parts of the crash machinery that a failure relies on to be found and to be found again.

import { expect, it } from 'vitest'
import { SeededRandom } from '../simulated-opfs/index.ts'
import { aceCount, aceSequence, aceUpToThree } from './ace.ts'
import { recordSelection, selectionOf } from './scenario.ts'
import { SimulatedWorld } from './world.ts'

it('every short sequence is tried once, the shortest first', () => {
  const wanted = aceCount(1) + 2 * aceCount(2)
  const seen = new Set<string>()
  const workloads = aceUpToThree(new SeededRandom(1))
  for (let left = wanted; left > 0; left--) {
    seen.add(JSON.stringify(workloads.next().value))
  }
  expect(seen.size).toBe(wanted)
  const missing = Array.from({ length: aceCount(2) }, (_, number) => aceSequence(2, number)).filter(
    (workload) => !seen.has(JSON.stringify(workload)),
  )
  expect(missing).toEqual([])
  expect(aceCount(3)).toBeGreaterThan(1_000_000)
})

it('a selection is written down as what differs, and read back', () => {
  const counts = [2, 3, 2, 2, 4]
  for (const selection of [
    [0, 0, 0, 0, 0],
    [1, 2, 1, 1, 3],
    [0, 1, 0, 0, 0],
    [1, 2, 1, 0, 2],
  ]) {
    const record = recordSelection(selection, counts)
    expect(record.except.length).toBeLessThanOrEqual(2)
    expect(selectionOf(record, counts)).toEqual(selection)
  }
  expect(selectionOf({ rest: 'oldest', except: [[9, 1]] }, counts)).toBeUndefined()
})

it('simulated time runs timers in order, only when it advances, and ends with the world', async () => {
  const realNow = Date.now
  const world = new SimulatedWorld(1, 1000)
  world.enter()
  try {
    const rang: string[] = []
    setTimeout(() => rang.push(`late ${Date.now()}`), 200)
    const cancelled = setTimeout(() => rang.push('never'), 50)
    setTimeout(() => rang.push(`early ${Date.now()}`), 100)
    clearTimeout(cancelled)
    world.setTime(5000)
    expect(rang).toEqual([])
    world.setTime(1000)
    world.advance(150)
    expect(rang).toEqual(['early 1100'])
    const waiting = new Promise<string>((resolve) => setTimeout(() => resolve('done'), 300))
    await expect(world.settle(waiting)).resolves.toBe('done')
    await expect(world.settle(new Promise(() => {}))).rejects.toThrow(/hangs/)
    expect(rang).toHaveLength(2)
  } finally {
    world.leave()
  }
  expect(Date.now).toBe(realNow)
})
