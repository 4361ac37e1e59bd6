// Facts as bytes: a tag, then numbers as float64 (inode numbers, sizes and times exceed 32 bits), then
// strings as a 16-bit length and UTF-8. Batches cross to the I/O worker this way. It
// is no storage format; both sides are always of one version.

import type { Fact } from '@wasm-vfs/core/backend'

const TAG_INODE = 1
const TAG_SYMLINK = 2
const TAG_DROP = 3
const TAG_ENTRY = 4
const TAG_ENTRY_REPLACES = 5
const TAG_REMOVE = 6
const TAG_NEXT = 7

/** No fact is larger: a tag, six numbers, and a string of at most PATH_MAX bytes. */
const FACT_BYTES_MAX = 1 + 6 * 8 + 2 + 4096
const FIRST_BYTES = 4096

const utf8 = new TextEncoder()
const text = new TextDecoder()

export function encodeFacts(facts: readonly Fact[]): Uint8Array<ArrayBuffer> {
  const writer = new Writer()
  for (const fact of facts) writer.fact(fact)
  return writer.bytes()
}

/** `bytes` may be a view of shared memory. */
export function decodeFacts(bytes: Uint8Array): Fact[] {
  const reader = new Reader(bytes)
  const facts: Fact[] = []
  while (!reader.atEnd) facts.push(reader.fact())
  return facts
}

class Writer {
  #buffer = new Uint8Array(FIRST_BYTES)
  #view = new DataView(this.#buffer.buffer)
  #at = 0

  fact(fact: Fact): void {
    this.#makeRoom()
    switch (fact.type) {
      case 'inode':
        this.#tag(fact.target === undefined ? TAG_INODE : TAG_SYMLINK)
        for (const key of INODE_NUMBERS) this.#number(fact[key])
        if (fact.target !== undefined) this.#string(fact.target)
        break
      case 'drop':
        this.#tag(TAG_DROP)
        this.#number(fact.ino)
        break
      case 'entry':
        this.#tag(fact.replaces === true ? TAG_ENTRY_REPLACES : TAG_ENTRY)
        this.#number(fact.parent)
        this.#number(fact.ino)
        this.#string(fact.name)
        break
      case 'remove':
        this.#tag(TAG_REMOVE)
        this.#number(fact.parent)
        this.#string(fact.name)
        break
      case 'next':
        this.#tag(TAG_NEXT)
        this.#number(fact.ino)
        break
    }
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#at)
  }

  #makeRoom(): void {
    if (this.#at + FACT_BYTES_MAX <= this.#buffer.length) return
    const larger = new Uint8Array(2 * this.#buffer.length + FACT_BYTES_MAX)
    larger.set(this.#buffer.subarray(0, this.#at))
    this.#buffer = larger
    this.#view = new DataView(larger.buffer)
  }

  #tag(tag: number): void {
    this.#buffer[this.#at++] = tag
  }

  #number(value: number): void {
    this.#view.setFloat64(this.#at, value, true)
    this.#at += 8
  }

  #string(value: string): void {
    const { written } = utf8.encodeInto(value, this.#buffer.subarray(this.#at + 2))
    this.#view.setUint16(this.#at, written, true)
    this.#at += 2 + written
  }
}

const INODE_NUMBERS = ['ino', 'mode', 'size', 'atime', 'mtime', 'ctime'] as const

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  fact(): Fact {
    const tag = this.#bytes[this.#at++]!
    switch (tag) {
      case TAG_INODE:
        return this.#inode()
      case TAG_SYMLINK:
        return { ...this.#inode(), target: this.#string() }
      case TAG_DROP:
        return { type: 'drop', ino: this.#number() }
      case TAG_ENTRY:
      case TAG_ENTRY_REPLACES: {
        const parent = this.#number()
        const ino = this.#number()
        const name = this.#string()
        return { type: 'entry', parent, name, ino, replaces: tag === TAG_ENTRY_REPLACES }
      }
      case TAG_REMOVE: {
        const parent = this.#number()
        return { type: 'remove', parent, name: this.#string() }
      }
      case TAG_NEXT:
        return { type: 'next', ino: this.#number() }
      default:
        throw new TypeError(`no fact begins with tag ${tag}`)
    }
  }

  #inode(): Extract<Fact, { type: 'inode' }> {
    const ino = this.#number()
    const mode = this.#number()
    const size = this.#number()
    const atime = this.#number()
    const mtime = this.#number()
    const ctime = this.#number()
    return { type: 'inode', ino, mode, size, atime, mtime, ctime }
  }

  #number(): number {
    const value = this.#view.getFloat64(this.#at, true)
    this.#at += 8
    return value
  }

  #string(): string {
    const length = this.#view.getUint16(this.#at, true)
    const from = this.#at + 2
    this.#at = from + length
    // A decoder refuses views of shared memory.
    return text.decode(this.#bytes.slice(from, this.#at))
  }
}
