import { describe, expect, test } from 'vitest'
import type { Column, TaskEvent } from './protocol.ts'
import { ResultSet } from './results.ts'
import type { BenchResult } from './schema.ts'

const slow: Column = { backend: 'slow', durability: 'strict' }
const fast: Column = { backend: 'fast', durability: 'none' }
const workloads = [
  { name: 'create', unit: 'ms' },
  { name: 'insert', unit: 'ms' },
] as const

const probe = { name: 'probe', unit: 'us' } as const

function record(set: ResultSet, column: Column | undefined, ...events: TaskEvent[]): void {
  const recorder =
    column === undefined
      ? set.probeRecorder([probe])
      : set.recorder(
          column,
          workloads.map(({ name }) => name),
        )
  for (const event of events) recorder.record(event)
  recorder.finish()
}

function cell(set: ResultSet, workload: string, column: Column): BenchResult {
  const found = set
    .results()
    .find((result) => result.workload === workload && result.backend === column.backend)
  if (found === undefined) throw new TypeError('no such cell')
  return found
}

function measured(name: string, ...samples: number[]): TaskEvent {
  return { type: 'measured', name, samples }
}

function newSet(): ResultSet {
  return new ResultSet([slow, fast], workloads, [probe])
}

describe('the cells of a run', () => {
  test('exist before anything was measured, and say so', () => {
    const set = newSet()
    expect(set.results().map(({ workload, backend }) => `${workload} ${backend}`)).toEqual([
      'create slow',
      'create fast',
      'insert slow',
      'insert fast',
    ])
    for (const result of set.results()) {
      expect(result).toMatchObject({ samples: [], median: null, error: { kind: 'not-run' } })
    }
  })

  test('pool the samples of all rounds and remember how many each gave', () => {
    const set = newSet()
    record(set, slow, measured('insert', 5, 1))
    record(set, slow, measured('insert', 3))
    expect(cell(set, 'insert', slow)).toMatchObject({
      backend: 'slow',
      durability: 'strict',
      unit: 'ms',
      samples: [5, 1, 3],
      samplesPerRound: [2, 1],
      median: 3,
      min: 1,
      max: 5,
      mean: 3,
    })
    expect(cell(set, 'insert', slow).error).toBeUndefined()
  })

  test('average the counters of rounds', () => {
    const set = newSet()
    const event = (flushes: number): TaskEvent => ({
      type: 'measured',
      name: 'insert',
      samples: [1],
      counters: { flushes },
    })
    record(set, slow, event(1))
    record(set, slow, event(2))
    expect(cell(set, 'insert', slow).counters).toEqual({ flushes: 1.5 })
  })

  test('keep the first failure, whatever later rounds bring', () => {
    const set = newSet()
    const failed = (message: string): TaskEvent => ({
      type: 'failed',
      name: 'insert',
      error: { kind: 'timeout', message },
    })
    record(set, slow, failed('first'))
    record(set, slow, measured('insert', 1))
    record(set, slow, failed('second'))
    expect(cell(set, 'insert', slow)).toMatchObject({
      samples: [1],
      error: { kind: 'timeout', message: 'first' },
    })
    expect(cell(set, 'insert', fast).error).toMatchObject({ kind: 'not-run' })
  })

  test('a wrong result spoils a cell that was measured', () => {
    const set = newSet()
    record(set, slow, measured('insert', 1), {
      type: 'failed',
      name: 'insert',
      error: { kind: 'wrong-result', message: 'a row is missing' },
    })
    expect(cell(set, 'insert', slow).error?.kind).toBe('wrong-result')
  })

  test('that come after a failed step say which one it was', () => {
    const set = newSet()
    record(set, slow, {
      type: 'failed',
      name: 'create',
      error: { kind: 'failed', message: 'no space' },
    })
    expect(cell(set, 'create', slow).error).toEqual({ kind: 'failed', message: 'no space' })
    expect(cell(set, 'insert', slow).error).toEqual({
      kind: 'not-run',
      message: 'create failed: no space',
    })
  })

  test('blame the failure that ended the life, not one before it', () => {
    const set = newSet()
    const failed = (name: string, message: string): TaskEvent => ({
      type: 'failed',
      name,
      error: { kind: 'failed', message },
    })
    record(set, slow, failed('create', 'survived'), failed('close', 'no space'))
    expect(cell(set, 'create', slow).error?.message).toBe('survived')
    expect(cell(set, 'insert', slow).error?.message).toBe('close failed: no space')
  })

  test('are all unavailable where the browser lacks something', () => {
    const set = newSet()
    const error = { kind: 'unavailable', message: 'this browser has no OPFS' } as const
    record(set, slow, { type: 'failed', name: 'load', error })
    expect(cell(set, 'create', slow).error).toEqual(error)
    expect(cell(set, 'insert', slow).error).toEqual(error)
  })

  test('of a lost page say what became of it, but keep what was measured', () => {
    const set = newSet()
    const recorder = set.recorder(slow, ['create', 'insert'])
    recorder.record(measured('create', 7))
    recorder.finish({ kind: 'failed', message: 'the page crashed' })
    expect(cell(set, 'create', slow)).toMatchObject({ median: 7 })
    expect(cell(set, 'create', slow).error).toBeUndefined()
    expect(cell(set, 'insert', slow).error?.message).toBe('the page crashed')
  })

  test('of one task are settled by it, and those of another life left alone', () => {
    const set = newSet()
    set.recorder(slow, ['create']).finish({ kind: 'failed', message: 'the page crashed' })
    expect(cell(set, 'create', slow).error?.message).toBe('the page crashed')
    expect(cell(set, 'insert', slow).error?.message).toBe('the run ended before it')
  })

  test('say how many bytes a sample wrote, where that was counted', () => {
    const set = newSet()
    record(set, slow, { ...measured('insert', 1), counters: { bytesWritten: 8_192 } } as TaskEvent)
    expect(set.bytesPerSample(slow, 'insert')).toBe(8_192)
    expect(set.bytesPerSample(fast, 'insert')).toBeUndefined()
  })

  test('that do not apply are neither errors nor figures', () => {
    const set = newSet()
    record(set, fast, { type: 'skipped', name: 'create', reason: 'nothing to reopen' })
    const result = cell(set, 'create', fast)
    expect(result).toMatchObject({ median: null, skipped: 'nothing to reopen' })
    expect(result.error).toBeUndefined()
  })
})

describe('probes', () => {
  test('are summarized like cells', () => {
    const set = newSet()
    record(set, undefined, measured('probe', 1, 2, 3))
    expect(set.probes()).toEqual([
      { probe: 'probe', unit: 'us', samples: [1, 2, 3], median: 2, p95: 2.9 },
    ])
  })

  test('may come up during a run', () => {
    const set = newSet()
    const sized = { name: 'sized', unit: 'us' } as const
    const recorder = set.probeRecorder([sized])
    recorder.record(measured('sized', 4))
    recorder.finish()
    expect(set.probes().map(({ probe: name, median }) => [name, median])).toEqual([
      ['probe', null],
      ['sized', 4],
    ])
  })
})
