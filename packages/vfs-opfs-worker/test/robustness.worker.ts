// A program on opfs-worker that is to be killed, and one that looks at what is left. Driven by
// robustness.browser.test.ts.

import { ROOT_INO, VfsError, type Vfs } from '@wasm-vfs/core'
import { serveTasks } from '@wasm-vfs/core/testing'
import { deleteOpfsWorker, openOpfsWorker, type OpfsWorkerOptions } from '@wasm-vfs/opfs-worker'
import { ioWorkers, mortalIoWorker } from './io-workers.ts'

/** The I/O worker has to start within it, too, while others start. */
const DEADLINE_MS = 15_000

let vfs: Vfs | undefined

function content(index: number): Uint8Array {
  return new Uint8Array(5000 + 97 * (index % 50)).fill(1 + (index % 250))
}

/** Makes a file under a temporary name, fsyncs it, and gives it its own name with an fsync of that. */
function makeFile(fs: Vfs, index: number): void {
  const ino = fs.create(ROOT_INO, `temporary ${index}`, 0o644)
  fs.write(ino, content(index), 0)
  fs.fsync(ino)
  fs.rename(ROOT_INO, `temporary ${index}`, ROOT_INO, `file ${index}`)
  fs.fsync(ROOT_INO)
  fs.read(ino, new Uint8Array(100), 0)
}

async function attempt(work: () => unknown): Promise<string> {
  return (async () => work())().then(
    () => 'ok',
    (error: unknown) => (error instanceof VfsError ? error.code : `not ours: ${String(error)}`),
  )
}

export interface OpenRequest {
  readonly name: string
  readonly options?: OpfsWorkerOptions
}

export interface IoDeath {
  readonly acknowledged: number
  readonly first: string
  readonly ms: number
  readonly next: string
  readonly closed: string
}

serveTasks({
  async open({ name, options }: OpenRequest) {
    vfs = await openOpfsWorker(name, { ...(await ioWorkers()), ...options })
  },

  close: () => vfs!.close(),

  remove: (name: string) => deleteOpfsWorker(name),

  /** Until this worker is terminated; says which files are there for good. */
  async 'make files'() {
    const acknowledged = new BroadcastChannel('acknowledged')
    for (let index = 0; ; index++) {
      makeFile(vfs!, index)
      acknowledged.postMessage(index)
      if (index % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 0))
    }
  },

  /** Ends the I/O worker `afterMs` into the work, and returns once that has shown. */
  async 'lose the I/O worker'({
    name,
    afterMs,
  }: {
    name: string
    afterMs: number
  }): Promise<IoDeath> {
    const mortal = await mortalIoWorker(new URL('../src/worker.ts', import.meta.url))
    const fs = await openOpfsWorker(name, { worker: mortal.worker, deadlineMs: DEADLINE_MS })
    let acknowledged = 0
    setTimeout(() => mortal.terminate(), afterMs)
    for (;;) {
      const began = performance.now()
      const first = await attempt(() => makeFile(fs, acknowledged))
      const ms = performance.now() - began
      if (first !== 'ok') {
        const next = await attempt(() =>
          fs.write(fs.create(ROOT_INO, 'next', 0o644), content(0), 0),
        )
        return { acknowledged, first, ms, next, closed: await attempt(() => fs.close()) }
      }
      acknowledged++
      if (acknowledged % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 0))
    }
  },

  /** Opens, and checks that the first `count` files are whole, and that every entry can be read. */
  async verify({ name, count }: { name: string; count: number }) {
    // A terminated worker gives its lock back a moment later.
    const fs = await openOpfsWorker(name, { ...(await ioWorkers()), wait: true })
    const wrong: string[] = []
    for (let index = 0; index < count; index++) {
      const expected = content(index)
      const found = new Uint8Array(expected.length + 1)
      const length = fs.read(fs.lookup(ROOT_INO, `file ${index}`), found, 0)
      if (length !== expected.length || expected.some((byte, at) => byte !== found[at])) {
        wrong.push(`file ${index}`)
      }
    }
    for (const { ino } of fs.readdir(ROOT_INO)) {
      fs.read(ino, new Uint8Array(fs.getattr(ino).size), 0)
    }
    await fs.close()
    return wrong
  },
})
