import { afterEach, expect, it, vi } from 'vitest'
import { TwoSlotLog, type LogFile } from './two-slot-log.ts'

interface Note {
  readonly note?: string
}

class MemoryFile implements LogFile {
  readonly path = 'slot'
  #bytes = new Uint8Array(0)

  get size(): number {
    return this.#bytes.length
  }

  read(into: Uint8Array, at: number): void {
    into.set(this.#bytes.subarray(at, at + into.length))
  }

  write(from: Uint8Array, at: number): void {
    const grown = new Uint8Array(Math.max(this.size, at + from.length))
    grown.set(this.#bytes)
    grown.set(from, at)
    this.#bytes = grown
  }

  truncate(size: number): void {
    const cut = new Uint8Array(size)
    cut.set(this.#bytes.subarray(0, size))
    this.#bytes = cut
  }

  flush(): void {}
  flushAlways(): void {}
  checkSound(): void {}
  close(): void {}
}

const FORMAT = { format: 'test', version: 1 }
const KIBIBYTE = 'x'.repeat(1024)

afterEach(() => {
  vi.useRealTimers()
})

function newLog(): TwoSlotLog<Note> {
  const log = new TwoSlotLog<Note>([new MemoryFile(), new MemoryFile()], FORMAT)
  log.initialize([{ note: 'image' }])
  return log
}

function append(log: TwoSlotLog<Note>, kibibytes: number): void {
  for (let each = 0; each < kibibytes; each++) log.append({ note: KIBIBYTE })
}

it('wants a checkpoint when the log has outgrown its image', () => {
  const log = newLog()
  append(log, 200)
  expect(log.checkpointDue).toBe(false)
  append(log, 60)
  expect(log.checkpointDue).toBe(true)
  expect(log.checkpoint([{ note: 'image' }])).toBe(true)
  expect(log.checkpointDue).toBe(false)
})

it('wants a checkpoint after five minutes, if the log has grown since', () => {
  vi.useFakeTimers()
  const log = newLog()
  append(log, 8)
  vi.advanceTimersByTime(6 * 60_000)
  expect(log.checkpointDue).toBe(false)
  append(log, 10)
  expect(log.checkpointDue).toBe(true)
  log.checkpoint([{ note: 'image' }])
  append(log, 20)
  expect(log.checkpointDue).toBe(false)
  vi.advanceTimersByTime(6 * 60_000)
  expect(log.checkpointDue).toBe(true)
})
