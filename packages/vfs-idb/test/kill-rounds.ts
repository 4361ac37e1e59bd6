// What the kill tests write, round by round, and what must be there after each round: the same steps on
// a file system and on a plain model. Every 32-bit word says the round that wrote it.

import { ROOT_INO, type Ino, type Vfs } from '@wasm-vfs/core'

/** Files by name; content as runs of equal words: [word, how many]. */
export type State = Readonly<Record<string, readonly (readonly [number, number])[]>>

interface Files {
  has(name: string): boolean
  /** Makes the file if it is not there, and writes `count` words from word `at` on. */
  write(name: string, word: number, count: number, at: number): void
  /** In words. */
  truncate(name: string, length: number): void
  length(name: string): number
  rename(from: string, to: string): void
  remove(name: string): void
}

const FILES = 7
const WORDS_MAX = 80_000
const LOG_WORDS = 2048
const LOG_WORDS_MAX = 100 * LOG_WORDS

export const roundName = (round: number): string => `round-${round}`

function step(files: Files, round: number): void {
  const name = `file-${round % FILES}`
  const length = 1000 + ((round * 7919) % WORDS_MAX)
  files.write(name, round, length, 0)
  files.truncate(name, length)
  // A log grows by two pages a round, and starts anew now and then.
  const end = files.has('log') ? files.length('log') : 0
  if (end >= LOG_WORDS_MAX) files.truncate('log', 0)
  files.write('log', round, LOG_WORDS, end >= LOG_WORDS_MAX ? 0 : end)
  const other = `file-${(round + 3) % FILES}`
  if (files.has(other) && round % 3 === 0) files.truncate(other, files.length(other) >> 1)
  if (files.has(other) && round % 5 === 0) files.remove(other)
  if (round === 1) files.write(roundName(1), 1, 1, 0)
  else files.rename(roundName(round - 1), roundName(round))
}

/** Changes `vfs` from the state after round `round - 1` to that after `round`. */
export function changeVfs(vfs: Vfs, round: number): void {
  step(new VfsFiles(vfs), round)
}

/** The state after a round, from the beginning. */
export function stateAfter(round: number): State {
  const model = new ModelFiles()
  for (let at = 1; at <= round; at++) step(model, at)
  return model.state()
}

/** The state of a store, and the round that its names say it is of: 0 for an empty store. */
export function stateOf(vfs: Vfs): { readonly round: number; readonly state: State } {
  const state: Record<string, (readonly [number, number])[]> = {}
  let round = 0
  for (const { name, ino } of vfs.readdir(ROOT_INO)) {
    const bytes = new Uint8Array(vfs.getattr(ino).size)
    vfs.read(ino, bytes, 0)
    state[name] = runsOf(new Uint32Array(bytes.buffer))
    if (name.startsWith(roundName(0).slice(0, -1))) round = Number(name.split('-')[1])
  }
  return { round, state }
}

function runsOf(words: Iterable<number>): (readonly [number, number])[] {
  const runs: [number, number][] = []
  for (const word of words) {
    const last = runs.at(-1)
    if (last?.[0] === word) last[1]++
    else runs.push([word, 1])
  }
  return runs
}

class VfsFiles implements Files {
  readonly #vfs: Vfs

  constructor(vfs: Vfs) {
    this.#vfs = vfs
  }

  has(name: string): boolean {
    return this.#vfs.readdir(ROOT_INO).some((entry) => entry.name === name)
  }

  write(name: string, word: number, count: number, at: number): void {
    const ino = this.has(name) ? this.#ino(name) : this.#vfs.create(ROOT_INO, name, 0o644)
    this.#vfs.write(ino, new Uint8Array(new Uint32Array(count).fill(word).buffer), at * 4)
  }

  truncate(name: string, length: number): void {
    this.#vfs.truncate(this.#ino(name), length * 4)
  }

  length(name: string): number {
    return this.#vfs.getattr(this.#ino(name)).size / 4
  }

  rename(from: string, to: string): void {
    this.#vfs.rename(ROOT_INO, from, ROOT_INO, to)
  }

  remove(name: string): void {
    this.#vfs.unlink(ROOT_INO, name)
  }

  #ino(name: string): Ino {
    return this.#vfs.lookup(ROOT_INO, name)
  }
}

class ModelFiles implements Files {
  readonly #files = new Map<string, number[]>()

  state(): State {
    return Object.fromEntries([...this.#files].map(([name, words]) => [name, runsOf(words)]))
  }

  has(name: string): boolean {
    return this.#files.has(name)
  }

  write(name: string, word: number, count: number, at: number): void {
    const words = this.#files.get(name) ?? []
    for (let index = at; index < at + count; index++) words[index] = word
    this.#files.set(name, words)
  }

  truncate(name: string, length: number): void {
    this.#files.get(name)!.length = length
  }

  length(name: string): number {
    return this.#files.get(name)!.length
  }

  rename(from: string, to: string): void {
    this.#files.set(to, this.#files.get(from)!)
    this.#files.delete(from)
  }

  remove(name: string): void {
    this.#files.delete(name)
  }
}
