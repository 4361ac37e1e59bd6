// What the end-to-end tests have done in a worker of a page: a store's life, and FFmpeg with threads.

import { ROOT_INO, walk, type VfsCounters } from '@wasm-vfs/core'
import { mount } from '@wasm-vfs/core/emscripten'
import { serveTasks } from '@wasm-vfs/core/testing'
import { deleteOpfsWorker, openOpfsWorker, type OpfsWorkerOptions } from '@wasm-vfs/opfs-worker'
import { ioWorkers } from './io-workers.ts'

interface FfmpegModule {
  readonly FS: Parameters<typeof mount>[0]
  exec(...args: string[]): number
  setLogger(log: (entry: { message: string }) => void): void
}

/** What this build of FFmpeg declares for its memory, in pages. */
const FFMPEG_MEMORY = { initial: 16_384, maximum: 16_384, shared: true }

export interface FfmpegRun {
  readonly name: string
  /** Where the module is. */
  readonly script: string
  readonly options: readonly string[]
}

export interface Transcoded {
  readonly status: number
  readonly log: readonly string[]
  readonly video: number
  readonly frames: number
  readonly signature: string
  /** Of FFmpeg's work alone. */
  readonly stats: VfsCounters
}

export interface LifeRequest {
  /** The I/O worker's; default: the one that is part of the package. */
  readonly script?: string
  /** The program makes its I/O worker, whatever the browser. */
  readonly alone?: boolean
}

serveTasks({
  /** Writes, closes, reopens and reads; answers with what was read. */
  async life({ script, alone = false }: LifeRequest) {
    const worker = script === undefined ? undefined : new URL(script, globalThis.location.href)
    const options: OpfsWorkerOptions = alone ? {} : await ioWorkers(worker)
    const vfs = await openOpfsWorker('life', options)
    const text = new TextEncoder().encode('kept')
    const ino = vfs.create(ROOT_INO, 'file', 0o644)
    vfs.write(ino, text, 0)
    vfs.fsync(ino)
    await vfs.close()
    const again = await openOpfsWorker('life', options)
    const into = new Uint8Array(10)
    const length = again.read(again.lookup(ROOT_INO, 'file'), into, 0)
    await again.close()
    await deleteOpfsWorker('life')
    return new TextDecoder().decode(into.subarray(0, length))
  },

  /** One run a worker: FFmpeg gets its threads back only while the worker's event loop runs. */
  async ffmpeg({ name, script, options }: FfmpegRun): Promise<Transcoded> {
    const memory = new WebAssembly.Memory(FFMPEG_MEMORY)
    const { default: create } = (await import(script)) as {
      default: (options: object) => Promise<FfmpegModule>
    }
    const module = await create({ wasmMemory: memory })
    const log: string[] = []
    module.setLogger(({ message }) => log.push(message))
    const vfs = await openOpfsWorker(name)
    await vfs.attachMemory?.(memory)
    mount(module.FS, vfs, '/media')
    const status = module.exec(...options)
    await vfs.sync()
    const stats = vfs.stats()
    const signature = new Uint8Array(4)
    const video = walk(vfs, '/v.mp4')
    vfs.read(video, signature, 4)
    const names = vfs.readdir(ROOT_INO).map((entry) => entry.name)
    const result = {
      status,
      log: log.slice(-10),
      video: vfs.getattr(video).size,
      frames: names.filter((each) => each.endsWith('.ppm')).length,
      signature: new TextDecoder().decode(signature),
      stats,
    }
    await vfs.close()
    return result
  },

  remove: (name: string) => deleteOpfsWorker(name),
})
