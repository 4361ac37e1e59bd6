// happy-opfs by its synchronous calls, which another worker carries out. It reads and writes whole files,
// and appends; a read or write at any other place is not among its calls.

import type * as HappyOpfs from 'happy-opfs'
import { Unavailable } from '../workloads/workload.ts'
import type { Backend } from './backend.ts'
import type { Files, OpenFile } from './files.ts'

/** Of the channel: the largest content of a file, and what is said about it. */
const CHANNEL_BYTES = 68 * 1_024 * 1_024
const CALL_DEADLINE_MS = 30_000

type Api = typeof HappyOpfs

export const happyOpfs: Backend = {
  name: 'happy-opfs',
  summary: 'happy-opfs by its synchronous calls: whole files, in another worker',
  quick: false,
  durabilities: ['relaxed'],
  persistent: true,
  needs: ['opfs', 'cross-origin-isolation'],
  caveats: {
    relaxed: 'flushes nothing by itself; reads whole files, writes them whole or at the end',
  },
  async files() {
    const api = await import('happy-opfs')
    const url = new URL('../browser/happy-opfs-worker.ts', import.meta.url)
    const worker = new Worker(url, { type: 'module' })
    const connected = await api.SyncChannel.connect(worker, {
      sharedBufferLength: CHANNEL_BYTES,
      opTimeout: CALL_DEADLINE_MS,
    })
    connected.unwrap()
    return (store) => {
      api.mkdirSync(`/${store}`).unwrap()
      return Promise.resolve(new HappyFiles(api, `/${store}`))
    }
  },
}

class HappyFiles implements Files {
  readonly #api: Api
  readonly #root: string

  constructor(api: Api, root: string) {
    this.#api = api
    this.#root = root
  }

  mkdir(path: string): void {
    this.#api.mkdirSync(this.#at(path)).unwrap()
  }

  create(path: string): OpenFile {
    this.#api.createFileSync(this.#at(path)).unwrap()
    return new HappyFile(this.#api, this.#at(path), 0)
  }

  open(path: string): OpenFile {
    return new HappyFile(this.#api, this.#at(path), this.stat(path))
  }

  stat(path: string): number {
    const status = this.#api.statSync(this.#at(path)).unwrap()
    return (status as { readonly size?: number }).size ?? 0
  }

  rename(from: string, to: string): void {
    this.#api.moveSync(this.#at(from), this.#at(to)).unwrap()
  }

  unlink(path: string): void {
    this.#api.removeSync(this.#at(path)).unwrap()
  }

  sync(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #at(path: string): string {
    return `${this.#root}/${path}`
  }
}

class HappyFile implements OpenFile {
  readonly #api: Api
  readonly #path: string
  #size: number

  constructor(api: Api, path: string, size: number) {
    this.#api = api
    this.#path = path
    this.#size = size
  }

  read(into: Uint8Array, at: number): number {
    const whole = this.#api.readFileSync(this.#path).unwrap()
    const part = whole.subarray(at, at + into.length)
    into.set(part)
    return part.length
  }

  write(from: Uint8Array, at: number): void {
    if (at !== this.#size) throw new Unavailable('it writes whole files, or at their end')
    this.#api.appendFileSync(this.#path, from as Uint8Array<ArrayBuffer>).unwrap()
    this.#size += from.length
  }

  truncate(size: number): void {
    this.#api.truncateSync(this.#path, size).unwrap()
    this.#size = size
  }

  fsync(): void {}

  close(): void {}
}
