// Records and heads as a faulty version might write them: the checksum is right, and what they say cannot be.

import { describe, expect, it } from 'vitest'
import { decodeHead, decodeRecord, encodeBatch, encodeHead, sealRecord } from './codec.ts'
import type { Change } from './content.ts'
import { Image } from './image.ts'
import { CHUNK_SIZE, SEGMENT_CHUNKS, type Head } from './layout.ts'

const content: readonly Change[] = [
  { type: 'cut', ino: 2, index: 0 },
  { type: 'chunk', ino: 2, index: 3, bytes: Uint8Array.of(1, 2, 3) },
  { type: 'hole', ino: 3, index: 0 },
  { type: 'chunk', ino: 3, index: 1, bytes: new Uint8Array(CHUNK_SIZE).fill(4) },
]

const damage = (message: RegExp): unknown =>
  expect.objectContaining({
    code: 'EIO',
    operation: 'open',
    message: expect.stringMatching(message) as string,
  })

describe('a record of the log', () => {
  it('is read as it was written', () => {
    const facts = [{ type: 'entry', parent: 1, name: 'ä', ino: 2 } as const]
    const [record] = encodeBatch(5, { facts, content })
    expect(decodeRecord(record!)).toEqual({ facts, content })
  })

  const wrong: readonly (readonly [string, RegExp, unknown, number])[] = [
    ['no JSON', /commit 5 has an unknown form/, undefined, 0],
    ['no list', /commit 5 has an unknown form/, { a: 1 }, 0],
    ['nothing', /commit 5 has an unknown form/, null, 0],
    ['a fact that is none', /unknown form: 7/, [7], 0],
    ['a name with a slash', /unknown form: \["e",1,"a\/b",2\]/, [['e', 1, 'a/b', 2]], 0],
    ['more content than it has', /has 3 bytes of content and speaks of 4/, [['c', 2, 0, 4]], 3],
    ['less content than it has', /has 3 bytes of content and speaks of 2/, [['c', 2, 0, 2]], 3],
    ['a chunk of nothing', /unknown form: \["c",2,0,0\]/, [['c', 2, 0, 0]], 0],
    ['a chunk that is too long', /unknown form: \["c",2,0,8193\]/, [['c', 2, 0, 8193]], 8193],
    ['a negative length', /unknown form: \["c",2,0,-1\]/, [['c', 2, 0, -1]], 0],
    ['a negative index', /unknown form: \["h",2,-1\]/, [['h', 2, -1]], 0],
    ['an enormous index', /unknown form: \["t",2,1e\+300\]/, [['t', 2, 1e300]], 0],
    ['a file of number 0', /unknown form: \["h",0,1\]/, [['h', 0, 1]], 0],
  ]
  it.each(wrong)('that holds %s is EIO and says so', (_, message, records, length) => {
    const facts = records === undefined ? '[["n",' : JSON.stringify(records)
    const bytes = new Uint8Array(length)
    const record = sealRecord({ sequence: 5, part: 0, last: true, facts, bytes })
    expect(() => decodeRecord(record)).toThrow(damage(message))
  })

  it.each([null, {}, { sequence: -1 }])('that is %o is EIO', (record) => {
    expect(() => decodeRecord(record as never)).toThrow(damage(/is not as it was written/))
  })
})

describe('a head', () => {
  const segment = { id: 0, chunks: 10, sum: 1, runs: [[0, 2, 0, 10] as const] }
  const head: Head = { sequence: 4, nextSegment: 3, segments: [segment], facts: [['n', 5]] }
  const wrong: readonly (readonly [string, RegExp, object])[] = [
    ['no first commit', /has an unknown form/, { sequence: undefined }],
    ['a negative first commit', /has an unknown form/, { sequence: -1 }],
    ['half a segment number', /has an unknown form/, { nextSegment: 0.5 }],
    ['no list of segments', /has an unknown form/, { segments: {} }],
    ['no facts', /has an unknown form/, { facts: 'none' }],
    ['a segment that is none', /segment undefined, which cannot be/, { segments: [null] }],
    ['a segment of the future', /segment 3, which/, { segments: [{ ...segment, id: 3 }] }],
    ['a segment twice', /segment 0 is there twice/, { segments: [segment, segment] }],
    [
      'a segment that is too large',
      /cannot have 121 places/,
      { segments: [{ ...segment, chunks: SEGMENT_CHUNKS + 1 }] },
    ],
    [
      'a place beyond a segment',
      /segment 0 has no place 10/,
      { segments: [{ ...segment, runs: [[1, 2, 0, 10]] }] },
    ],
    ['a negative place', /unknown form/, { segments: [{ ...segment, runs: [[-1, 2, 0, 1]] }] }],
    ['a run of text', /unknown form/, { segments: [{ ...segment, runs: ['0,2,0,10'] }] }],
  ]

  it('is read as it was written', () => {
    expect(decodeHead(encodeHead(head))).toEqual(head)
  })

  it.each(wrong)('that has %s is EIO and says so', (_, message, changes) => {
    const spoiled: Head = { ...head, ...changes }
    expect(() => decodeHead(encodeHead(spoiled))).toThrow(damage(message))
  })

  it('that gives a place to two chunks, or two to one, is EIO and says so', () => {
    const load = (...runs: (readonly [number, number, number, number])[]): void =>
      new Image().load([{ ...segment, runs }], 1, 0)
    load([0, 2, 0, 5], [5, 3, 0, 5])
    expect(() => load([0, 2, 0, 5], [4, 3, 0, 5])).toThrow(damage(/a place for two chunks/))
    expect(() => load([0, 2, 0, 5], [5, 2, 4, 5])).toThrow(damage(/1 chunks have two places/))
  })
})
