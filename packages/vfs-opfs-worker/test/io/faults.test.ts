// Each call of a workload fails once, in every way it can. Whatever the store does not report must have
// done no harm, what was acknowledged before is kept, and the store opens again.

import type { Vfs } from '@wasm-vfs/core'
import { ROOT_INO, VfsError } from '@wasm-vfs/core/backend'
import type { Call, Fault } from '@wasm-vfs/core/testing/simulated-opfs'
import { describe, expect, it } from 'vitest'
import {
  land,
  makeDirectory,
  move,
  openSession,
  put,
  SimulatedOpfs,
  sync,
  treeOf,
  unlink,
  walk,
} from './harness.ts'

const STEPS: readonly ((vfs: Vfs) => void)[] = [
  (vfs) => {
    makeDirectory(vfs, '/d')
    put(vfs, '/d/a', 'one')
    put(vfs, '/b', new Uint8Array(5000).fill(1))
  },
  (vfs) => {
    vfs.write(walk(vfs, '/b'), new Uint8Array(3000).fill(2), 4000)
    put(vfs, '/c', 'three')
    move(vfs, '/c', '/d/a')
  },
  (vfs) => {
    move(vfs, '/d', '/e')
    put(vfs, '/x', 'four')
  },
  (vfs) => {
    move(vfs, '/x', '/t')
    move(vfs, '/b', '/x')
    move(vfs, '/t', '/b')
    vfs.truncate(walk(vfs, '/x'), 100)
  },
  (vfs) => {
    unlink(vfs, '/b')
    unlink(vfs, '/e/a')
    vfs.rmdir(ROOT_INO, 'e')
  },
]

interface Run {
  /** The tree after each step. */
  readonly trees: readonly string[][]
  /** Steps whose sync reported nothing, before the first that reported something. */
  readonly acknowledged: number
  readonly errors: readonly unknown[]
  readonly calls: number
}

async function run(
  opfs: SimulatedOpfs,
  fault: (call: Call) => Fault[],
  failing: number,
  way: number,
): Promise<Run> {
  const session = await openSession(opfs)
  let calls = 0
  opfs.watcher.fault = (call) => (calls++ === failing ? fault(call)[way] : undefined)
  const trees: string[][] = [treeOf(session.vfs)]
  const errors: unknown[] = []
  let acknowledged = 0
  for (const step of STEPS) {
    step(session.vfs)
    trees.push(treeOf(session.vfs))
    try {
      await sync(session)
      if (errors.length === 0) acknowledged++
    } catch (error) {
      errors.push(error)
      // What the program would do now depends on it; this one gives up.
      break
    }
    try {
      await land(session)
    } catch (error) {
      // Nobody waits for it, and it is tried again.
      if (!(error instanceof VfsError)) throw error
    }
  }
  return { trees, acknowledged, errors, calls }
}

function waysToFail({ kind }: Call): Fault[] {
  const ways: Fault[] = [{ throws: 'UnknownError' }]
  if (kind === 'write' || kind === 'truncate') ways.push({ throws: 'QuotaExceededError' })
  if (kind === 'write') ways.push({ takes: 1 })
  if (kind === 'flush') ways.push({ losesChanges: true })
  return ways
}

const WAYS = 3

/** What is wrong after this one call has failed this way; undefined if it does not fail so. */
async function problemAfter(failing: number, way: number): Promise<string | undefined> {
  let failed: Call | undefined
  const opfs = new SimulatedOpfs()
  const ways = (call: Call): Fault[] => {
    if (waysToFail(call)[way] !== undefined) failed = call
    return waysToFail(call)
  }
  const { trees, acknowledged, errors } = await run(opfs, ways, failing, way)
  if (failed === undefined) return undefined
  const about = `${failed.kind} of ${failed.path}, way ${way}, call ${failing}: `
  for (const error of errors) {
    if (!(error instanceof VfsError)) return `${about}threw ${String(error)}`
  }
  let again
  try {
    again = await openSession(new SimulatedOpfs({ image: opfs.image() }))
  } catch (error) {
    return `${about}${String(error)}`
  }
  const seen = treeOf(again.vfs)
  // Content of a step that failed may be there without its names, and the other way round.
  const describe = errors.length === 0 ? JSON.stringify : pathsOf
  const legal = trees.slice(acknowledged).map((tree) => describe(tree))
  if (legal.includes(describe(seen))) return errors.length > 0 ? 'reported' : 'harmless'
  return `${about}${errors.length === 0 ? 'nothing was reported, but' : ''} ${describe(seen)} is none of\n${legal.join('\n')}`
}

function pathsOf(tree: readonly string[]): string {
  return JSON.stringify(tree.map((line) => line.split(':')[0]))
}

describe('a call that fails', () => {
  it('is reported or does no harm', { timeout: 120_000 }, async () => {
    const { calls, acknowledged } = await run(new SimulatedOpfs(), () => [], -1, 0)
    expect(acknowledged).toBe(STEPS.length)
    const outcomes = new Map<string, number>()
    for (let failing = 0; failing < calls; failing++) {
      for (let way = 0; way < WAYS; way++) {
        const outcome = await problemAfter(failing, way)
        if (outcome !== undefined) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
      }
    }
    expect([...outcomes.keys()].sort()).toEqual(['harmless', 'reported'])
    expect(outcomes.get('reported')).toBeGreaterThan(50)
  })
})
