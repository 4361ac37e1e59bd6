// That the judgement accepts what a crash may leave of a truncated file, and nothing else.

import { describe, expect, it } from 'vitest'
import { ROOT_INO } from '../../contract/index.ts'
import { History, type Observation } from './history.ts'
import { judge } from './judge.ts'
import { pattern } from './operations.ts'
import { ONE_MOMENT } from './strategies.ts'

const INO = 2
const SIZE = 2048
const CUT = 700
const CIRCUMSTANCES = { crash: 'power', windowMs: 500, strategy: ONE_MOMENT } as const
const ROOT = { ino: ROOT_INO, mode: 0o755, nlink: 2, size: 4096, atime: 0, mtime: 0, ctime: 0 }

function showing(bytes: Uint8Array): Observation {
  const entry = {
    path: '/a',
    ino: INO,
    kind: 'file',
    mode: 0o644,
    size: bytes.length,
    target: undefined,
  } as const
  const times = { nlink: 1, atime: 0, mtime: 0, ctime: 0 }
  const attributes = { ino: INO, mode: entry.mode, size: entry.size, ...times }
  return {
    entries: [entry],
    files: new Map([[INO, bytes]]),
    attributes: new Map([[INO, attributes]]),
  }
}

const old = pattern(1, 0, SIZE)

/** `bytes` with zeros from `from` to `to`. */
function zeroed(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return bytes.slice().fill(0, from, to)
}

/** After a sync a truncate to CUT and, with `grown`, one back to SIZE. */
function cutHistory(grown: boolean): History {
  const history = new History(showing(old), ROOT, { level: 'strict', now: 0 })
  history.begin(0)
  history.askedToKeep()
  history.acknowledged(undefined, 0)
  history.end(-Infinity)
  history.begin(0)
  history.truncated(INO, CUT)
  history.end(-Infinity)
  if (grown) {
    history.begin(0)
    history.truncated(INO, SIZE)
    history.end(-Infinity)
  }
  return history
}

function problemsOf(history: History, bytes: Uint8Array): string[] {
  const moment = { operation: history.operation, done: false }
  return judge(history, showing(bytes), { moment, ...CIRCUMSTANCES })
}

describe('a truncate that was under way', () => {
  it('may be there or not', () => {
    expect(problemsOf(cutHistory(false), old)).toEqual([])
    expect(problemsOf(cutHistory(false), old.slice(0, CUT))).toEqual([])
  })

  it('takes no byte of a file that is as long as before', () => {
    expect(problemsOf(cutHistory(false), zeroed(old, CUT, SIZE))).toHaveLength(1)
    expect(problemsOf(cutHistory(false), zeroed(old, 1024, 1536))).toHaveLength(1)
  })

  it('may mix with what was there where the file has grown over it again', () => {
    expect(problemsOf(cutHistory(true), old)).toEqual([])
    expect(problemsOf(cutHistory(true), zeroed(old, CUT, SIZE))).toEqual([])
  })

  it('never brings back what it took when a longer file is acknowledged', () => {
    const history = cutHistory(true)
    history.begin(0)
    history.acknowledged(INO, 0)
    history.end(-Infinity)
    const circumstances = { moment: { operation: history.operation, done: true }, ...CIRCUMSTANCES }
    expect(judge(history, showing(old), circumstances)).toHaveLength(1)
    expect(judge(history, showing(zeroed(old, CUT, SIZE)), circumstances)).toEqual([])
  })

  it('leaves a write in front of it free to be there or not', () => {
    const history = cutHistory(false)
    const bytes = pattern(2, 520, 100)
    history.begin(0)
    history.wrote(INO, bytes, 520)
    history.end(-Infinity)
    const written = old.slice()
    written.set(bytes, 520)
    expect(problemsOf(history, old)).toEqual([])
    expect(problemsOf(history, written)).toEqual([])
    expect(problemsOf(history, written.slice(0, CUT))).toEqual([])
    expect(problemsOf(history, zeroed(written, CUT, SIZE))).toHaveLength(1)
  })
})
