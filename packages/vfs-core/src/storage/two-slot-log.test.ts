import { afterEach, describe, expect, it, vi } from 'vitest'
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

type Files = readonly [LogFile, LogFile]

function newFiles(): Files {
  return [new MemoryFile(), new MemoryFile()]
}

function newLog(files: Files = newFiles()): TwoSlotLog<Note> {
  const log = new TwoSlotLog<Note>(files, FORMAT)
  log.initialize([{ note: 'image' }])
  return log
}

function reopened(files: Files): TwoSlotLog<Note> {
  const log = new TwoSlotLog<Note>(files, FORMAT)
  log.load()
  log.begin()
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

describe('the age of a store', () => {
  it('is the time that it has been open, over all sessions', () => {
    vi.useFakeTimers()
    const files = newFiles()
    const first = newLog(files)
    expect(first.age).toBe(0)
    vi.advanceTimersByTime(20_000)
    expect(first.age).toBe(20_000)
    first.close(true)

    vi.advanceTimersByTime(3_600_000)
    const second = reopened(files)
    expect(second.age).toBe(20_000)
    vi.advanceTimersByTime(5_000)
    expect(second.checkpoint([{ note: 'image' }])).toBe(true)
    expect(reopened(files).age).toBe(25_000)
  })

  it('is not moved by a clock that is set forward or back', () => {
    vi.useFakeTimers()
    const files = newFiles()
    const log = newLog(files)
    for (const step of [86_400_000, -2 * 86_400_000]) {
      vi.setSystemTime(Date.now() + step)
      expect(log.age).toBe(0)
    }
    vi.advanceTimersByTime(1_500)
    log.close(true)
    vi.setSystemTime(Date.now() + 86_400_000)
    expect(reopened(files).age).toBe(1_500)
  })

  it('loses to a crash what has passed since the last line, and at most a second before that', () => {
    vi.useFakeTimers()
    const files = newFiles()
    const log = newLog(files)
    for (let each = 0; each < 14; each++) {
      vi.advanceTimersByTime(250)
      log.append({ note: 'x' })
    }
    vi.advanceTimersByTime(60_000)
    expect(log.age).toBe(63_500)
    expect(reopened(files).age).toBe(3_000)
  })

  it('is in a line a second at most, so that lines stay short', () => {
    vi.useFakeTimers()
    const files = newFiles()
    const log = newLog(files)
    for (let each = 0; each < 1000; each++) {
      vi.advanceTimersByTime(4)
      log.append({ note: 'x' })
    }
    const lines = new TwoSlotLog<Note>(files, FORMAT).load()!.lines
    expect(lines.flatMap(({ age }) => age ?? [])).toEqual([1000, 2000, 3000, 4000])
  })
})

it('a clock set forward or back makes no checkpoint due, and puts none off', () => {
  vi.useFakeTimers()
  const log = newLog()
  append(log, 20)
  vi.setSystemTime(Date.now() + 86_400_000)
  expect(log.checkpointDue).toBe(false)
  vi.setSystemTime(Date.now() - 2 * 86_400_000)
  vi.advanceTimersByTime(6 * 60_000)
  expect(log.checkpointDue).toBe(true)
})
