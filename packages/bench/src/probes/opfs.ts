// OPFS sync access handles: opening one, reading a Postgres page of 8 KiB, and writing one and more,
// made durable or not.

import { openAccessHandle } from '@wasm-vfs/core/backend'
import { STORE_PREFIX } from '../backends/backend.ts'
import type { Probe, ProbeBench } from './probe.ts'

const PAGE_BYTES = 8_192
/** Overwritten in turn, so that a file of a fixed size is never extended. */
const PAGES = 64
const FILE_BYTES = PAGES * PAGE_BYTES

export interface NewFile {
  readonly file: FileSystemFileHandle
  readonly handle: FileSystemSyncAccessHandle
  /** Closes and removes it. */
  readonly remove: () => Promise<void>
}

/** An empty file of a name of its own, open. */
export async function onNewFile(): Promise<NewFile> {
  const root = await navigator.storage.getDirectory()
  const name = `${STORE_PREFIX}probe-${crypto.randomUUID()}`
  const file = await root.getFileHandle(name, { create: true })
  const handle = await openAccessHandle(file, { path: name })
  const remove = async (): Promise<void> => {
    handle.close()
    await root.removeEntry(name)
  }
  return { file, handle, remove }
}

async function onFile(
  use: (handle: FileSystemSyncAccessHandle, file: FileSystemFileHandle) => ProbeBench['operation'],
  between?: () => void,
): Promise<ProbeBench> {
  const { file, handle, remove } = await onNewFile()
  handle.write(new Uint8Array(FILE_BYTES).fill(0x5a), { at: 0 })
  handle.flush()
  return { operation: use(handle, file), ...(between && { between }), tearDown: remove }
}

function inTurn(): () => number {
  let page = 0
  return () => (page++ % PAGES) * PAGE_BYTES
}

export const opfsOpen: Probe = {
  name: 'opfs-open',
  summary: 'open and close a sync access handle of an existing file',
  unit: 'us',
  needs: ['opfs'],
  batch: 1,
  setUp: () =>
    onFile((handle, file) => {
      handle.close()
      return async () => {
        const reopened = await openAccessHandle(file, { path: file.name })
        reopened.close()
      }
    }),
}

export const opfsRead: Probe = {
  name: 'opfs-read-8k',
  summary: 'read 8 KiB through a sync access handle',
  unit: 'us',
  needs: ['opfs'],
  batch: 20,
  setUp: () =>
    onFile((handle) => {
      const page = new Uint8Array(PAGE_BYTES)
      const next = inTurn()
      return () => void handle.read(page, { at: next() })
    }),
}

/** What lies between two commits of a program: its own work, about as long as a small query. */
const WORK_MS = 0.25
const WORK_BYTES = 8 * 1_024 * 1_024
/** Above this a write is a measure of speed, and what it costs to begin does not show. */
const SPACED_MAX_BYTES = 64 * 1_024

/**
 * Stands for a program at work: walks through memory, so that the processor's caches forget the way
 * into the kernel. In Chromium here a write of 8 KiB takes 10 µs right after another, 50 µs after a
 * SELECT of PGlite, and about 30 µs after this.
 */
function otherWork(): () => void {
  const memory = new Float64Array(WORK_BYTES / 8)
  let at = 0
  return () => {
    const end = performance.now() + WORK_MS
    do {
      for (let line = 0; line < 1_024; line++) {
        memory[at] = memory[at]! + 1
        at = (at + 8) % memory.length
      }
    } while (performance.now() < end)
  }
}

/**
 * An overwrite of `bytes`, made durable or not. In steady state: the file has its size already. A small
 * one comes after other work, as a commit does; a large one right after another.
 */
export function opfsWrite(name: string, bytes: number, flush: boolean): Probe {
  const spaced = bytes <= SPACED_MAX_BYTES
  const how = `${flush ? ' and flush it' : ''}${spaced ? ', after other work' : ''}`
  return {
    name,
    summary: `overwrite ${bytes} bytes through a sync access handle${how}`,
    unit: 'us',
    needs: ['opfs'],
    batch: flush ? 1 : spaced ? 10 : 20,
    setUp: () =>
      onFile(
        (handle) => {
          const content = new Uint8Array(bytes).fill(0xa5)
          // From page to page, as far as the file is never extended.
          const places = Math.max(1, Math.floor((FILE_BYTES - bytes) / PAGE_BYTES) + 1)
          let turn = 0
          return () => {
            handle.write(content, { at: (turn++ % places) * PAGE_BYTES })
            if (flush) handle.flush()
          }
        },
        spaced ? otherWork() : undefined,
      ),
  }
}

/** One page and a few: what a commit writes. 256 KiB: the speed of bytes, whatever a call costs. */
export const opfsWrites: readonly Probe[] = [
  ...[8, 16, 24, 256].map((kib) => opfsWrite(`opfs-write-${kib}k`, kib * 1_024, false)),
  ...[8, 16, 24].map((kib) => opfsWrite(`opfs-write-${kib}k-flush`, kib * 1_024, true)),
]

const FRESH_FILE_BYTES = 64 * 1_024 * 1_024

/**
 * What a log does that moves forward through a file of its final size: the system has to find room for
 * each page. 16 KiB: the floor of commits that write several pages, as it is without recycled log segments.
 * 256 KiB: that of a table that grows.
 */
const opfsFresh = (kib: number): Probe => ({
  name: `opfs-write-${kib}k-fresh`,
  summary: `write ${kib} KiB through a sync access handle where nothing was written before, after other work`,
  unit: 'us',
  needs: ['opfs'],
  batch: 10,
  async setUp() {
    const { handle, remove } = await onNewFile()
    const content = new Uint8Array(kib * 1_024).fill(0xa5)
    const work = otherWork()
    let at = FRESH_FILE_BYTES
    return {
      between() {
        if (at + content.length > FRESH_FILE_BYTES) {
          handle.truncate(0)
          handle.truncate(FRESH_FILE_BYTES)
          at = 0
        }
        work()
      },
      operation() {
        handle.write(content, { at })
        at += content.length
      },
      tearDown: remove,
    }
  },
})

export const opfsFreshWrites: readonly Probe[] = [16, 256].map(opfsFresh)
