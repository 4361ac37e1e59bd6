// opfs-worker as the crash explorer and the fault injection of @wasm-vfs/core/testing/crash drive it, over the
// port. Nothing here knows the inside of the backend.

import { openAccessHandle } from '@wasm-vfs/core/backend'
import { VfsError } from '@wasm-vfs/core'
import {
  NAME_BY_NAME,
  VfsProgram,
  type CrashTarget,
  type Observation,
  type Operation,
  type Outcome,
  type Program,
  type Refusal,
  type SimulatedWorld,
  type StoreOptions,
} from '@wasm-vfs/core/testing/crash'
import {
  SimulatedOpfs,
  type DirectoryImage,
  type SeededRandom,
} from '@wasm-vfs/core/testing/simulated-opfs'
import { fewestHandles, openPort, STORE_NAME, type Port, type PortOptions } from './port.ts'

/** How long a name takes to settle, and how long a relaxed flush is put off, in milliseconds. */
export const SETTLING_MS = 60_000
export const WINDOW_MS = 500

/** Few, so that handles come and go. */
const HANDLES = 12
/** Between two operations time passes with this chance: nothing, less than a program is idle for, more. */
const PASSES = 0.4
const PASSING_MS = [0, 20, 110, 350] as const
const SECOND_MS = 1000
const PIECE_MS = 50
/** Not the program's, in the store's directory. */
const RESERVED = '.wasm-vfs'

/** Limits that small workloads reach. */
export const VARIANTS = {
  'large files': { smallMax: 3000 },
  'files that become large': { smallMax: 9000 },
  'files that outgrow memory': { smallMax: 9000, residentMax: 9000 },
  'little memory': { residentMax: 30_000 },
  'short journal': { journalMax: 20_000, changedMax: 6000 },
} as const satisfies Record<string, PortOptions['limits']>

export type Variant = keyof typeof VARIANTS

export function opfsWorker(world: SimulatedWorld): CrashTarget {
  return {
    name: 'opfs-worker',
    settlingMs: SETTLING_MS,
    windowMs: WINDOW_MS,
    handlesMin: fewestHandles(),
    tree: NAME_BY_NAME,
    open: async (opfs, options, acceptMissing = false) =>
      new PortProgram(await openPort(opfs, portOptions(options, acceptMissing)), world),
    check,
    refusal,
    // A checkpoint that fails is tried again, and what it has not done is still in the redo log. Whether that
    // is true the judge sees.
    absorbs: () => true,
    stopsReading: true,
  }
}

function portOptions(
  { level, maxHandles = HANDLES, variant }: StoreOptions,
  acceptMissing: boolean,
): PortOptions {
  const [a, b] = crypto.getRandomValues(new Uint8Array(2))
  const limits = variant === undefined ? undefined : VARIANTS[variant as Variant]
  return {
    durability: level,
    windowMs: WINDOW_MS,
    maxHandles,
    acceptMissing,
    seed: a! * 256 + b!,
    ...(limits && { limits }),
  }
}

class PortProgram implements Program {
  readonly #port: Port
  readonly #world: SimulatedWorld
  readonly #program: VfsProgram

  constructor(port: Port, world: SimulatedWorld) {
    this.#port = port
    this.#world = world
    this.#program = new VfsProgram(port.vfs)
  }

  get hardLinks(): boolean {
    return this.#program.hardLinks
  }

  get root(): Program['root'] {
    return this.#program.root
  }

  perform(operation: Operation, stamp: number): Promise<Outcome> {
    return this.#port.call(() => this.#program.perform(operation, stamp))
  }

  observe(): Promise<Observation> {
    return this.#port.call(() => this.#program.observe())
  }

  async between(random: SeededRandom): Promise<void> {
    if (random.chance(PASSES)) await this.wait(random.pick(PASSING_MS))
  }

  /** The last second in pieces, so that what timers post is carried out while time goes on. */
  async wait(ms: number): Promise<void> {
    let left = ms
    while (left > 0) {
      const piece = left > SECOND_MS ? left - SECOND_MS : Math.min(left, PIECE_MS)
      await this.#port.call(() => this.#world.advance(piece))
      await this.#port.wake()
      left -= piece
    }
  }

  kill(): void {
    this.#port.kill()
  }
}

/** The paths are listed between a colon and the advice at the end. */
const MISSING = /missing: (.*); open with \{ acceptMissing: true \}/

function refusal(error: unknown): Refusal | undefined {
  if (!(error instanceof VfsError)) return undefined
  const missing = MISSING.exec(error.message)?.[1]
  if (missing !== undefined) {
    return { kind: 'missing', paths: missing.split(', ').map((path) => `/${path}`) }
  }
  const isYoung = /never settled/.test(error.message) || error.code === 'EEXIST'
  return isYoung ? { kind: 'never settled' } : undefined
}

/** A closed store: other code sees each file and directory in OPFS under its own name, byte for byte. */
async function check(image: DirectoryImage): Promise<string[]> {
  try {
    return await differences(image, await openPort(new SimulatedOpfs({ image })))
  } catch (error) {
    if (!(error instanceof VfsError)) throw error
    return [`closed, and it does not open or cannot be read: ${error.message}`]
  }
}

async function differences(image: DirectoryImage, { vfs, call }: Port): Promise<string[]> {
  const shown = await call(() => new VfsProgram(vfs).observe())
  const expected = new Map<string, Uint8Array | undefined>()
  for (const { path, ino, kind } of shown.entries) {
    if (kind !== 'symlink') expected.set(path, shown.files.get(ino))
  }
  const problems: string[] = []
  const found = new Set<string>()
  for await (const [path, bytes] of listed(image)) {
    found.add(path)
    if (!expected.has(path)) problems.push(`OPFS has ${path}, which the store does not show`)
    else if (!sameBytes(expected.get(path), bytes)) problems.push(`${path} has other bytes in OPFS`)
  }
  for (const path of expected.keys()) if (!found.has(path)) problems.push(`OPFS lacks ${path}`)
  return problems
}

/** What lies in the store's directory, as other code reads it; directories without bytes. */
async function* listed(image: DirectoryImage): AsyncGenerator<[string, Uint8Array | undefined]> {
  const opfs = new SimulatedOpfs({ image })
  async function* list(
    directory: FileSystemDirectoryHandle,
    prefix: string,
  ): AsyncGenerator<[string, Uint8Array | undefined]> {
    for await (const [name, handle] of directory.entries()) {
      const path = `${prefix}/${name}`
      if (path === `/${RESERVED}`) continue
      if (handle.kind === 'directory') {
        yield [path, undefined]
        yield* list(handle, path)
      } else yield [path, await bytesIn(handle)]
    }
  }
  yield* list(await opfs.root.getDirectoryHandle(STORE_NAME), '')
}

async function bytesIn(file: FileSystemFileHandle): Promise<Uint8Array> {
  const handle = await openAccessHandle(file, { path: file.name })
  const bytes = new Uint8Array(handle.getSize())
  handle.read(bytes, { at: 0 })
  handle.close()
  return bytes
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return Buffer.compare(a, b) === 0
}
