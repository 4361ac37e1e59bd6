// Reading and writing large files: in order and at random, from 4 KiB to 1 MiB at a time, far apart, and
// by small appends. What was read or written is checked outside the timed sections.

import { backendNamed } from '../backends/index.ts'
import type { OpenFile } from '../backends/files.ts'
import type { Column } from '../protocol.ts'
import { COLD_READ_PROBE, SEQUENTIAL_WRITE_PROBES } from '../probes/file.ts'
import { checkContent, content, shuffled, stamp } from './file-content.ts'
import { BIG_FILE_BYTES } from './file-session.ts'
import { expectEqual, WrongResult, type FileWorkload, type Meter } from './workload.ts'

const KIB = 1_024
const MIB = 1_024 * KIB

const FILES = {
  kind: 'files',
  life: 'files',
  set: 'full',
  phase: 'use',
  deadlineMs: 60_000,
} as const

const SIZES = { '4k': 4 * KIB, '64k': 64 * KIB, '256k': 256 * KIB, '1m': MIB } as const
type SizeName = keyof typeof SIZES
const SIZE_NAMES = Object.keys(SIZES) as SizeName[]

export const SEQUENTIAL_BYTES: number = 16 * MIB
/** Read or written at random in one sample. */
const RANDOM_BYTES = 4 * MIB
const READS_PER_SAMPLE_MAX = 256

const COLD_BYTES = 8 * KIB
const COLD_READS_PER_SAMPLE = 64

const FSYNC_BYTES = 8 * KIB
/** In memory, one is too short for the clock. */
const FSYNCS_PER_SAMPLE = 10
const RECORD_BYTES = 128
const SPARSE_BYTES = 256 * MIB
const SPARSE_STEP = MIB

const sequentialWrites = SIZE_NAMES.map((size): FileWorkload => ({
  ...FILES,
  name: `file-write-sequential-${size}`,
  summary: `write 16 MiB into a new file, ${size} at a time, and fsync it`,
  unit: 'ms',
  ...(size === '256k' && { probes: SEQUENTIAL_WRITE_PROBES }),
  async run({ files }, meter) {
    const bytes = content(0, SIZES[size])
    let file: OpenFile | undefined
    let written = 0
    const discard = async (): Promise<void> => {
      if (file === undefined) return
      await checkFile(file, written)
      await file.close()
      await files.unlink('sequential')
      await files.sync()
    }
    await meter.repeat(() => ({
      async prepare() {
        await discard()
        file = await files.create('sequential')
      },
      async run() {
        const target = file as OpenFile
        for (written = 0; written < SEQUENTIAL_BYTES; written += bytes.length) {
          stamp(bytes, written)
          const pending = target.write(bytes, written)
          if (pending instanceof Promise) await pending
        }
        await target.fsync()
      },
    }))
    await discard()
  },
}))

const sequentialReads = SIZE_NAMES.map((size): FileWorkload => ({
  ...FILES,
  name: `file-read-sequential-${size}`,
  summary: `read 16 MiB of a file that was just written, ${size} at a time`,
  unit: 'ms',
  async run(session, meter) {
    const file = await session.bigFile()
    const bytes = new Uint8Array(SIZES[size])
    await meter.repeat(() => ({
      async run() {
        for (let at = 0; at < SEQUENTIAL_BYTES; at += bytes.length) {
          const pending = file.read(bytes, at)
          if (pending instanceof Promise) await pending
        }
      },
      check: () => checkContent(bytes, SEQUENTIAL_BYTES - bytes.length),
    }))
  },
}))

const randomReads = SIZE_NAMES.map((size): FileWorkload => ({
  ...FILES,
  name: `file-read-random-${size}`,
  summary: `read ${size} at a random place of a file of 64 MiB`,
  unit: 'us',
  run: async (session, meter) =>
    readAtRandom(meter, await session.bigFile(), {
      bytes: SIZES[size],
      perSample: Math.min(RANDOM_BYTES / SIZES[size], READS_PER_SAMPLE_MAX),
    }),
}))

const randomWrites = SIZE_NAMES.map((size): FileWorkload => ({
  ...FILES,
  name: `file-write-random-${size}`,
  summary: `overwrite 4 MiB at random places of a file of 64 MiB, ${size} at a time, and fsync it`,
  unit: 'ms',
  async run(session, meter) {
    const file = await session.bigFile()
    const bytes = content(0, SIZES[size])
    const read = new Uint8Array(bytes.length)
    const next = places(bytes.length)
    await meter.repeat(() => {
      const targets = Array.from({ length: RANDOM_BYTES / bytes.length }, next)
      return {
        async run() {
          for (const at of targets) {
            stamp(bytes, at)
            const pending = file.write(bytes, at)
            if (pending instanceof Promise) await pending
          }
          await file.fsync()
        },
      }
    })
    for (let turn = 0; turn < RANDOM_BYTES / bytes.length; turn++) {
      await checkBytes(file, read, next())
    }
  },
}))

const fsync: FileWorkload = {
  ...FILES,
  name: 'file-fsync',
  summary: 'overwrite 8 KiB at a random place of a file of 64 MiB and fsync it',
  unit: 'ms',
  async run(session, meter) {
    const file = await session.bigFile()
    const bytes = content(0, FSYNC_BYTES)
    const next = places(FSYNC_BYTES)
    await meter.repeat(() => {
      const targets = Array.from({ length: FSYNCS_PER_SAMPLE }, next)
      return {
        async run() {
          for (const at of targets) {
            stamp(bytes, at)
            await written(file, bytes, at)
          }
        },
      }
    }, FSYNCS_PER_SAMPLE)
  },
}

const append: FileWorkload = {
  ...FILES,
  name: 'file-append',
  summary: `append a record of ${RECORD_BYTES} bytes to a log and fsync it`,
  unit: 'ms',
  async run({ files }, meter) {
    const file = await files.create('log')
    const record = new Uint8Array(RECORD_BYTES)
    let size = 0
    await meter.repeat(
      () => ({
        async run() {
          for (let count = 0; count < FSYNCS_PER_SAMPLE; count++) {
            record.fill((size / RECORD_BYTES) % 251)
            await written(file, record, size)
            size += RECORD_BYTES
          }
        },
      }),
      FSYNCS_PER_SAMPLE,
    )
    expectEqual('size of the log', await files.stat('log'), size)
    for (let at = 0; at < size; at += RECORD_BYTES) {
      await file.read(record, at)
      const expected = (at / RECORD_BYTES) % 251
      if (record.some((byte) => byte !== expected)) throw new WrongResult(`the record at ${at}`)
    }
    await file.close()
  },
}

const sparse: FileWorkload = {
  ...FILES,
  name: 'file-sparse',
  summary: 'write 4 KiB into each MiB of an empty file of 256 MiB, and fsync it',
  unit: 'ms',
  async run({ files }, meter) {
    const file = await files.create('sparse')
    const bytes = content(0, 4 * KIB)
    await meter.repeat(() => ({
      async prepare() {
        await file.truncate(0)
        await files.sync()
      },
      async run() {
        await file.truncate(SPARSE_BYTES)
        for (let at = 0; at < SPARSE_BYTES; at += SPARSE_STEP) {
          stamp(bytes, at)
          const pending = file.write(bytes, at)
          if (pending instanceof Promise) await pending
        }
        await file.fsync()
      },
    }))
    const step = new Uint8Array(SPARSE_STEP)
    for (let at = 0; at < SPARSE_BYTES; at += 16 * SPARSE_STEP) {
      await file.read(step, at)
      checkContent(step.subarray(0, 4 * KIB), at)
      if (step.subarray(4 * KIB).some((byte) => byte !== 0))
        throw new WrongResult(`a hole at ${at}`)
    }
    await file.close()
    await files.unlink('sparse')
    await files.sync()
  },
}

const coldRead: FileWorkload = {
  ...FILES,
  name: 'file-read-cold-8k',
  summary: 'read 8 KiB at a random place, each place once, after closing and opening the store',
  unit: 'us',
  probes: [COLD_READ_PROBE],
  unfit: ({ backend }: Column) =>
    backendNamed(backend).persistent ? undefined : 'nothing to open again',
  run: async (session, meter) =>
    readAtRandom(meter, await session.coldFile(), {
      bytes: COLD_BYTES,
      perSample: COLD_READS_PER_SAMPLE,
    }),
}

/** In their order: what comes later finds the files of 64 MiB that an earlier one filled. */
export const fileIo: readonly FileWorkload[] = [
  ...sequentialWrites,
  append,
  sparse,
  ...sequentialReads,
  ...randomReads,
  ...randomWrites,
  fsync,
]

/** Closes the store and opens it again, so it comes last. */
export const fileCold: readonly FileWorkload[] = [coldRead]

async function readAtRandom(
  meter: Meter,
  file: OpenFile,
  { bytes, perSample }: { readonly bytes: number; readonly perSample: number },
): Promise<void> {
  const buffer = new Uint8Array(bytes)
  const next = places(bytes)
  await meter.repeat(() => {
    const targets = Array.from({ length: perSample }, next)
    return {
      async run() {
        for (const at of targets) {
          const pending = file.read(buffer, at)
          if (pending instanceof Promise) await pending
        }
      },
      check: () => checkContent(buffer, targets.at(-1) as number),
    }
  }, perSample)
}

/** One write, as durable as the column says. Resolves at once where both answer at once. */
async function written(file: OpenFile, bytes: Uint8Array, at: number): Promise<void> {
  const writing = file.write(bytes, at)
  if (writing instanceof Promise) await writing
  const syncing = file.fsync()
  if (syncing instanceof Promise) await syncing
}

/** Aligned places in the big file, at random, none twice before all had their turn. */
function places(bytes: number): () => number {
  const order = shuffled(BIG_FILE_BYTES / bytes)
  let turn = 0
  return () => (order[turn++ % order.length] as number) * bytes
}

async function checkFile(file: OpenFile, size: number): Promise<void> {
  const bytes = new Uint8Array(MIB)
  for (let at = 0; at < size; at += bytes.length) await checkBytes(file, bytes, at)
}

async function checkBytes(file: OpenFile, into: Uint8Array, at: number): Promise<void> {
  expectEqual('bytes read', await file.read(into, at), into.length)
  checkContent(into, at)
}
