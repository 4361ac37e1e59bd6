import { describe, expect, it } from 'vitest'
import { encodeLine, type HeaderBody, type LineBody } from './chained-lines.ts'
import { readSlot, type SlotContents } from './slot-contents.ts'
import { crc32 } from './checksum.ts'

interface Content {
  readonly facts?: readonly (readonly (string | number)[])[]
}

type Body = LineBody<Content>

const FORMAT = { format: 'some log', version: 1 }
const HEADER: HeaderBody = {
  seq: 1,
  durable: 0,
  ...FORMAT,
  generation: 7,
  age: 1000,
  epoch: 'e1',
}

function slot(bodies: readonly (HeaderBody | Body)[]): { bytes: Uint8Array; ends: number[] } {
  let sum = 0
  let bytes = new Uint8Array(0)
  const ends: number[] = []
  for (const body of bodies) {
    const [line, next] = encodeLine(body, sum)
    bytes = new Uint8Array([...bytes, ...line])
    ends.push(bytes.length)
    sum = next
  }
  return { bytes, ends }
}

function read(bytes: Uint8Array): SlotContents<Content> {
  return readSlot({ bytes, path: 'state-a' }, FORMAT)
}

/** What the next line's checksum continues. */
function crcOf(bytes: Uint8Array): number {
  return read(bytes).sum
}

const IMAGE: Body = { seq: 2, durable: 0, facts: [['n', 2]], image: 'end' }
const FIRST: Body = { seq: 3, durable: 2, facts: [['d', 5]] }
const SECOND: Body = { seq: 4, durable: 2, facts: [['d', 6]] }
const THIRD: Body = { seq: 5, durable: 4, facts: [['d', 7]] }

describe('a slot of a log', () => {
  it('is read back whole', () => {
    const { bytes } = slot([HEADER, IMAGE, FIRST, { seq: 4, durable: 3, closed: true }])
    const contents = read(bytes)
    expect(contents).toMatchObject({ state: 'complete', closed: true, seq: 4, end: bytes.length })
    expect(contents.lines.flatMap(({ facts }) => facts ?? [])).toEqual([
      ['n', 2],
      ['d', 5],
    ])
    expect(contents.header).toMatchObject({ generation: 7 })
  })

  it('ends before a line that is cut off anywhere', () => {
    const { bytes, ends } = slot([HEADER, IMAGE, FIRST, SECOND])
    for (let length = ends[2]!; length < bytes.length; length++) {
      const contents = read(bytes.subarray(0, length))
      expect(contents).toMatchObject({ end: ends[2], seq: 3 })
    }
  })

  it('ends before a torn line, whatever follows it, as long as none of it was known to be flushed', () => {
    const { bytes, ends } = slot([HEADER, IMAGE, FIRST, SECOND])
    bytes[ends[1]! + 20]! ^= 1
    expect(read(bytes)).toMatchObject({ end: ends[1], seq: 2 })
  })

  it('is damaged if a later line says that a bad one had reached storage', () => {
    for (const bad of [2, 3]) {
      const { bytes, ends } = slot([HEADER, IMAGE, FIRST, SECOND, THIRD])
      bytes[ends[bad - 1]! + 30]! ^= 1
      expect(read(bytes).damage?.message).toMatch(/EIO.*state-a.*damaged/)
    }
  })

  it('takes no line that was written behind another past', () => {
    const other = slot([{ ...HEADER, epoch: 'e2' }, IMAGE, FIRST])
    const { bytes, ends } = slot([HEADER, IMAGE, FIRST])
    const mixed = new Uint8Array([
      ...bytes.subarray(0, ends[1]),
      ...other.bytes.subarray(other.ends[1]),
    ])
    expect(read(mixed)).toMatchObject({ end: ends[1], seq: 2 })
  })

  it('is incomplete without the end of its image, and empty without anything', () => {
    const { bytes, ends } = slot([HEADER, IMAGE])
    expect(read(bytes.subarray(0, ends[0])).state).toBe('incomplete')
    expect(read(new Uint8Array(0)).state).toBe('empty')
  })

  it('with a line that no log has written is EIO, and says what is wrong', () => {
    const wrong = (line: object, what: RegExp): void => {
      const { bytes } = slot([HEADER, IMAGE, FIRST, line as Body])
      expect(() => read(bytes)).toThrow(/EIO.*state-a/)
      expect(() => read(bytes)).toThrow(what)
    }
    for (const seq of [3, 5, 0, -4, 4.5, '4', null, undefined]) wrong({ ...SECOND, seq }, /seq/)
    for (const durable of [4, 5, -1, 1.5, 2 ** 53, '2', null, undefined]) {
      wrong({ ...SECOND, durable }, /durable/)
    }
    for (const age of [-1, 0.5, 2 ** 53, '1', null]) wrong({ ...SECOND, age }, /age/)
    for (const closed of [false, 1, 'true', null]) wrong({ ...SECOND, closed }, /closed/)
    for (const image of ['begin', true, null]) wrong({ ...SECOND, image }, /image/)
    for (const epoch of [7, null, {}]) wrong({ ...SECOND, epoch }, /epoch/)
  })

  it('with a header that no log has written is EIO, and says what is wrong', () => {
    const wrong = (header: object): void => {
      const { bytes } = slot([{ ...HEADER, ...header }, IMAGE])
      expect(() => read(bytes)).toThrow(/EIO.*state-a.*damaged/)
    }
    for (const generation of [0, -1, 1.5, 2 ** 53, '7', null]) wrong({ generation })
    for (const age of [-1, 0.5, 2 ** 53, '1', null]) wrong({ age })
    for (const epoch of [7, null]) wrong({ epoch })
    for (const seq of [0, -1, 1.5, '1', null]) wrong({ seq })
    for (const durable of [1, -1, '0', null]) wrong({ durable })
  })

  it('with a line that is no JSON is EIO', () => {
    const { bytes } = slot([HEADER, IMAGE])
    const rest = new TextEncoder().encode('"seq":')
    const sum = crc32(rest, crcOf(bytes))
    const line = `{"sum":"${sum.toString(16).padStart(8, '0')}","seq":\n`
    const bad = new Uint8Array([...bytes, ...new TextEncoder().encode(line)])
    expect(() => read(bad)).toThrow(/EIO.*no JSON/)
  })

  it('of another format or version is refused by name', () => {
    const foreign = slot([{ ...HEADER, format: 'other' }, IMAGE]).bytes
    expect(() => read(foreign)).toThrow(/EINVAL.*not a some log store/)
    const newer = slot([{ ...HEADER, version: 2 }, IMAGE]).bytes
    expect(() => read(newer)).toThrow(/EINVAL.*format version 2/)
  })
})

it('checksums are CRC-32, and can be continued', () => {
  const bytes = new TextEncoder().encode('123456789')
  expect(crc32(bytes)).toBe(0xcbf43926)
  expect(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4)))).toBe(0xcbf43926)
})
