// ZenFS, driven through its promises as a program would. Called by the zenfs-*.ts files. Bundled apart
// and loaded by URL (../site.ts).

import type { Files, FilesOpener, OpenFile } from './files.ts'
import type * as ZenFS from '../browser/zenfs-bundle.ts'

const MODULE_URL = './zenfs.js'

type Promises = typeof ZenFS.fs.promises
type Handle = Awaited<ReturnType<Promises['open']>>

/** `mount` makes a store the root of ZenFS's tree; there is one tree in a worker. */
export async function zenfsOpener(
  mount: (zenfs: typeof ZenFS, store: string) => Promise<void>,
): Promise<FilesOpener> {
  const url = new URL(MODULE_URL, location.href).href
  const zenfs = (await import(url)) as typeof ZenFS
  return async (store) => {
    await mount(zenfs, store)
    return new ZenFiles(zenfs)
  }
}

class ZenFiles implements Files {
  readonly #zenfs: typeof ZenFS
  readonly #fs: Promises

  constructor(zenfs: typeof ZenFS) {
    this.#zenfs = zenfs
    this.#fs = zenfs.fs.promises
  }

  mkdir(path: string): Promise<unknown> {
    return this.#fs.mkdir(`/${path}`)
  }

  async create(path: string): Promise<OpenFile> {
    return new ZenFile(await this.#fs.open(`/${path}`, 'w+'))
  }

  async open(path: string): Promise<OpenFile> {
    return new ZenFile(await this.#fs.open(`/${path}`, 'r+'))
  }

  async stat(path: string): Promise<number> {
    return (await this.#fs.stat(`/${path}`)).size
  }

  rename(from: string, to: string): Promise<void> {
    return this.#fs.rename(`/${from}`, `/${to}`)
  }

  unlink(path: string): Promise<void> {
    return this.#fs.unlink(`/${path}`)
  }

  /** Each call has handed down what it did when it resolves. */
  sync(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    this.#zenfs.umount('/')
    return Promise.resolve()
  }
}

class ZenFile implements OpenFile {
  readonly #handle: Handle

  constructor(handle: Handle) {
    this.#handle = handle
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    return (await this.#handle.read(into, 0, into.length, at)).bytesRead
  }

  write(from: Uint8Array, at: number): Promise<unknown> {
    return this.#handle.write(from, 0, from.length, at)
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size)
  }

  fsync(): Promise<void> {
    return this.#handle.sync()
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}
