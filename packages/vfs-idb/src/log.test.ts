// Which syncs of a log count, whatever of it is missing: a sync is whole or absent, and what cannot have come
// of a transaction that was cut off is damage.

import { array, assert, integer, nat, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBatch, sealRecord } from './codec.ts'
import type { Change } from './content.ts'
import type { LogRecord } from './layout.ts'
import { readLog, type Log } from './log.ts'
import { encodeSession, wasLeftOpen } from './session.ts'

const PAGE = 8192
const FIRST = 7

/** A sync of so many pages: five of them fill a record. */
function sync(sequence: number, pages: number): LogRecord[] {
  const content = Array.from({ length: pages }, (_, index): Change => ({
    type: 'chunk',
    ino: 2,
    index,
    bytes: new Uint8Array(PAGE).fill(1),
  }))
  return encodeBatch(sequence, { facts: [{ type: 'next', ino: sequence + 1 }], content })
}

/** A log of syncs of so many pages each, and the number of the first record of each. */
function logOf(sizes: readonly number[]): { records: LogRecord[]; begins: number[] } {
  const records: LogRecord[] = []
  const begins: number[] = []
  for (const pages of sizes) {
    begins.push(FIRST + records.length)
    records.push(...sync(FIRST + records.length, pages))
  }
  return { records, begins }
}

const damage = (message: string): unknown =>
  expect.objectContaining({
    code: 'EIO',
    message: expect.stringContaining(message) as string,
  })

/** What of a log an opening goes by, or why it does not. */
function outcome(read: () => Log): unknown {
  try {
    const { next, isUnfinished } = read()
    return { next, isUnfinished }
  } catch (error) {
    return error
  }
}

describe('the records of a sync', () => {
  it('are numbered, and the last is marked', () => {
    const records = sync(3, 12)
    expect(records.map(({ sequence, part, last }) => [sequence, part, last])).toEqual([
      [3, 0, false],
      [4, 1, false],
      [5, 2, true],
    ])
  })

  it('count if all of them are there', () => {
    const { records } = logOf([1, 12, 3])
    const log = readLog(records, FIRST)
    expect([log.records, log.next, log.isUnfinished]).toEqual([records, FIRST + 5, false])
    expect(log.batches).toHaveLength(5)
  })

  it('count for nothing in the newest sync if one of them is missing, and are damage in an older one', () => {
    const sizes = array(integer({ min: 0, max: 14 }), { minLength: 1, maxLength: 5 })
    assert(
      property(sizes, nat(), (pages, which) => {
        const { records, begins } = logOf(pages)
        const lost = which % records.length
        const newest = begins.at(-1)!
        const isNewest = FIRST + lost >= newest
        const expected = isNewest
          ? { next: newest, isUnfinished: FIRST + records.length - newest > 1 }
          : damage(`commit ${FIRST + lost} is missing`)
        expect(outcome(() => readLog(records.toSpliced(lost, 1), FIRST))).toEqual(expected)
      }),
    )
  })

  it('that belong to no sync are damage', () => {
    const { records } = logOf([1, 12])
    expect(() => readLog(records, FIRST + 2)).toThrow(damage('belongs to no sync'))
    const { sum: _, ...first } = records[0]!
    const shortened = [sealRecord({ ...records[1]!, last: true }), ...records.slice(2)]
    expect(() => readLog([sealRecord(first), ...shortened], FIRST)).toThrow(
      damage('belongs to no sync'),
    )
  })

  it.each(['sequence', 'part', 'last', 'facts', 'bytes'] as const)(
    'are damage if %s is not as it was written',
    (field) => {
      const [record] = sync(FIRST, 1)
      const others = {
        sequence: FIRST + 1,
        part: 1,
        last: false,
        facts: '[]',
        bytes: new Uint8Array(1),
      }
      const changed = { ...record!, [field]: others[field] }
      expect(() => readLog([changed], FIRST)).toThrow(damage('is not as it was written'))
    },
  )
})

describe('the mark of a session', () => {
  const log = (...sizes: number[]): ReturnType<typeof readLog> =>
    readLog(logOf(sizes).records, FIRST)

  it('that did not close lets the log end anywhere', () => {
    expect(wasLeftOpen(encodeSession(-1), log(1, 12))).toBe(true)
    expect(wasLeftOpen(undefined, log())).toBe(false)
  })

  it('that did says where the log ends, and another end is damage', () => {
    const end = FIRST + 4
    expect(wasLeftOpen(encodeSession(end), log(1, 12))).toBe(false)
    expect(() => wasLeftOpen(encodeSession(end), log(1))).toThrow(
      damage(`commit ${FIRST + 1} is missing`),
    )
    expect(() => wasLeftOpen(encodeSession(end), log(1, 12, 1))).toThrow(
      damage(`commit ${end} is there`),
    )
    const cut = readLog(logOf([1, 12]).records.slice(0, -1), FIRST)
    expect(() => wasLeftOpen(encodeSession(FIRST + 1), cut)).toThrow(damage('is missing'))
  })

  it('is damage if it is not as it was written', () => {
    const mark = { ...encodeSession(5), end: 6 }
    expect(() => wasLeftOpen(mark, log())).toThrow(damage('not as it was written'))
    expect(() => wasLeftOpen(encodeSession(0.5), log())).toThrow(damage('not as it was written'))
  })
})
