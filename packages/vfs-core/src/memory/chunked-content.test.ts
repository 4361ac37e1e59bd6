import { describe, expect, it } from 'vitest'
import { CHUNK_SIZE, ChunkedContent } from './chunked-content.ts'

const INO = 7

function contentOf(chunks: ChunkedContent, length: number): Uint8Array {
  const into = new Uint8Array(length).fill(0xee)
  chunks.read(INO, into, 0)
  return into
}

describe('a lent chunk', () => {
  it('keeps its bytes while the file is written, and the file has the new ones', () => {
    const chunks = new ChunkedContent(Infinity)
    chunks.write(INO, new Uint8Array(1000).fill(1), 0)
    const lent = chunks.lend(INO, 0)!
    chunks.write(INO, new Uint8Array(10).fill(2), 5)
    chunks.write(INO, new Uint8Array(10).fill(3), 20)
    expect(lent.subarray(0, 1000)).toEqual(new Uint8Array(1000).fill(1))
    const expected = new Uint8Array(1000).fill(1).fill(2, 5, 15).fill(3, 20, 30)
    expect(contentOf(chunks, 1000)).toEqual(expected)
    expect(chunks.bytes).toBe(1024)
  })

  it('keeps its bytes while the file is cut, and the file reads as zeros from there', () => {
    const chunks = new ChunkedContent(Infinity)
    chunks.write(INO, new Uint8Array(CHUNK_SIZE + 100).fill(1), 0)
    const lent = [chunks.lend(INO, 0)!, chunks.lend(INO, 1)!]
    chunks.shrink(INO, 300)
    expect(lent[0]).toEqual(new Uint8Array(CHUNK_SIZE).fill(1))
    expect(lent[1]!.subarray(0, 100)).toEqual(new Uint8Array(100).fill(1))
    expect(contentOf(chunks, 400)).toEqual(new Uint8Array(400).fill(1, 0, 300))
    expect(chunks.bytes).toBe(CHUNK_SIZE)
  })

  it('is written in place again once it was taken back', () => {
    const chunks = new ChunkedContent(Infinity)
    chunks.write(INO, new Uint8Array(100).fill(1), 0)
    const lent = chunks.lend(INO, 0)!
    chunks.takeBack(lent)
    chunks.write(INO, new Uint8Array(10).fill(2), 0)
    expect(chunks.lend(INO, 0)).toBe(lent)
    expect(lent[0]).toBe(2)
  })

  it('that does not exist is undefined', () => {
    const chunks = new ChunkedContent(Infinity)
    chunks.write(INO, new Uint8Array(100), 3 * CHUNK_SIZE)
    expect([chunks.lend(INO, 0), chunks.lend(INO + 1, 3)]).toEqual([undefined, undefined])
  })
})

describe('a loaded chunk', () => {
  it('is read, counted, and written in place', () => {
    const chunks = new ChunkedContent(Infinity)
    const buffer = new Uint8Array(700).fill(5)
    chunks.load(INO, 1, buffer)
    expect(chunks.bytes).toBe(700)
    chunks.write(INO, new Uint8Array(10).fill(6), CHUNK_SIZE)
    expect(buffer[0]).toBe(6)
    expect(contentOf(chunks, CHUNK_SIZE + 700).subarray(CHUNK_SIZE)).toEqual(
      new Uint8Array(700).fill(5).fill(6, 0, 10),
    )
  })

  it('shorter than a power of two grows', () => {
    const chunks = new ChunkedContent(Infinity)
    chunks.load(INO, 0, new Uint8Array(700).fill(5))
    chunks.write(INO, new Uint8Array(400).fill(6), 600)
    expect(contentOf(chunks, 1000)).toEqual(new Uint8Array(1000).fill(5, 0, 600).fill(6, 600))
  })
})
