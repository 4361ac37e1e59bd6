import { describe, expect, it } from 'vitest'
import { FORMAT, FORMAT_VERSION } from '../layout.ts'
import { crc32 } from './checksum.ts'
import { encodeLine, readSlot, type HeaderBody, type LineBody } from './slot-reader.ts'

const HEADER: HeaderBody = {
  seq: 1,
  durable: 0,
  format: FORMAT,
  version: FORMAT_VERSION,
  generation: 7,
  created: 1000,
  epoch: 'e1',
}

function slot(bodies: readonly (HeaderBody | LineBody)[]): { bytes: Uint8Array; ends: number[] } {
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

const IMAGE: LineBody = { seq: 2, durable: 0, facts: [['n', 2]], image: 'end' }
const FIRST: LineBody = { seq: 3, durable: 2, facts: [['d', 5]] }
const SECOND: LineBody = { seq: 4, durable: 2, facts: [['d', 6]] }
const THIRD: LineBody = { seq: 5, durable: 4, facts: [['d', 7]] }

describe('a slot of the state log', () => {
  it('is read back whole', () => {
    const { bytes } = slot([HEADER, IMAGE, FIRST, { seq: 4, durable: 3, closed: true }])
    const contents = readSlot(bytes, 'state-a')
    expect(contents).toMatchObject({ state: 'complete', closed: true, seq: 4, end: bytes.length })
    expect(contents.records).toEqual([
      ['n', 2],
      ['d', 5],
    ])
    expect(contents.header).toMatchObject({ generation: 7 })
  })

  it('ends before a line that is cut off anywhere', () => {
    const { bytes, ends } = slot([HEADER, IMAGE, FIRST, SECOND])
    for (let length = ends[2]!; length < bytes.length; length++) {
      const contents = readSlot(bytes.subarray(0, length), 'state-a')
      expect(contents).toMatchObject({ end: ends[2], seq: 3 })
    }
  })

  it('ends before a torn line, whatever follows it, as long as none of it was known to be flushed', () => {
    const { bytes, ends } = slot([HEADER, IMAGE, FIRST, SECOND])
    bytes[ends[1]! + 20]! ^= 1
    expect(readSlot(bytes, 'state-a')).toMatchObject({ end: ends[1], seq: 2 })
  })

  it('is damaged if a later line says that a bad one had reached storage', () => {
    for (const bad of [2, 3]) {
      const { bytes, ends } = slot([HEADER, IMAGE, FIRST, SECOND, THIRD])
      bytes[ends[bad - 1]! + 30]! ^= 1
      expect(readSlot(bytes, 'state-a').damage?.message).toMatch(/EIO.*state-a.*damaged/)
    }
  })

  it('takes no line that was written behind another past', () => {
    const other = slot([{ ...HEADER, epoch: 'e2' }, IMAGE, FIRST])
    const { bytes, ends } = slot([HEADER, IMAGE, FIRST])
    const mixed = new Uint8Array([
      ...bytes.subarray(0, ends[1]),
      ...other.bytes.subarray(other.ends[1]),
    ])
    expect(readSlot(mixed, 'state-a')).toMatchObject({ end: ends[1], seq: 2 })
  })

  it('is incomplete without the end of its image, and empty without anything', () => {
    const { bytes, ends } = slot([HEADER, IMAGE])
    expect(readSlot(bytes.subarray(0, ends[0]), 'state-a').state).toBe('incomplete')
    expect(readSlot(new Uint8Array(0), 'state-a').state).toBe('empty')
  })

  it('of another format or version is refused by name', () => {
    const foreign = slot([{ ...HEADER, format: 'other' }, IMAGE]).bytes
    expect(() => readSlot(foreign, 'state-a')).toThrow(/EINVAL.*not a wasm-vfs\/opfs-ahp store/)
    const newer = slot([{ ...HEADER, version: 2 }, IMAGE]).bytes
    expect(() => readSlot(newer, 'state-a')).toThrow(/EINVAL.*format version 2/)
  })
})

it('checksums are CRC-32, and can be continued', () => {
  const bytes = new TextEncoder().encode('123456789')
  expect(crc32(bytes)).toBe(0xcbf43926)
  expect(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4)))).toBe(0xcbf43926)
})
