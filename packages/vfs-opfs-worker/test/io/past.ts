// What a workload has done and seen, after each of its operations: names, contents, what was acknowledged.
// Recorded by crash.ts, and what judge.ts holds a reopened store against.

import type { Ino, Vfs } from '@wasm-vfs/core'
import { isDirectory, ROOT_INO, S_IFREG } from '@wasm-vfs/core/backend'
import type { DirectoryImage } from '@wasm-vfs/core/testing/simulated-opfs'

export interface Version {
  readonly operation: number
  readonly bytes: Uint8Array
}

export interface Acknowledgement {
  readonly operation: number
  /** Undefined: everything. */
  readonly ino: Ino | undefined
  readonly time: number
  /** First byte of the last page written to the file before it. */
  readonly forwardFrom: number
}

export interface Point {
  readonly image: DirectoryImage
  readonly operation: number
  readonly done: boolean
  readonly now: number
}

/** Path to inode and kind, after one operation. */
export type Names = ReadonlyMap<string, string>

const REGULAR = ` ${S_IFREG}`

/** What the program has done and seen. */
export class Past {
  readonly names: Names[] = []
  readonly versions = new Map<Ino, Version[]>()
  readonly acknowledgements: Acknowledgement[] = []
  /** Files that took the name of one that the session found: from then on their bytes are relied upon. */
  readonly replacements: { readonly operation: number; readonly ino: Ino }[] = []
  /** Deadlines up to this time have been kept, by operation. */
  readonly keptUntil: number[] = []
  firstSync = Infinity
  readonly #nameChanges = new Map<Ino, number[]>()

  record(vfs: Vfs, keptUntil: number): void {
    const operation = this.names.length
    const names = new Map<string, string>()
    const add = (directory: Ino, prefix: string): void => {
      for (const { name, ino, type } of vfs.readdir(directory)) {
        names.set(`${prefix}/${name}`, `${ino} ${type}`)
        if (isDirectory(type)) add(ino, `${prefix}/${name}`)
        else this.#content(vfs, ino, operation)
      }
    }
    add(ROOT_INO, '')
    const before = this.names.at(-1) ?? new Map<string, string>()
    for (const path of new Set([...before.keys(), ...names.keys()])) {
      if (before.get(path) === names.get(path)) continue
      const parent = path.slice(0, path.lastIndexOf('/'))
      const inos = [before.get(path), names.get(path)].map((each) =>
        Number.parseInt(each ?? '', 10),
      )
      const parents = [before.get(parent), names.get(parent)].map((each) =>
        parent === '' ? ROOT_INO : Number.parseInt(each ?? '', 10),
      )
      for (const ino of [...inos, ...parents]) {
        if (Number.isNaN(ino)) continue
        this.#nameChanges.set(ino, [...(this.#nameChanges.get(ino) ?? []), operation])
      }
    }
    for (const [path, what] of this.names[0] ?? []) {
      const [was, is] = [before.get(path), names.get(path)]
      if (was !== what || is === undefined || is === was || !is.endsWith(REGULAR)) continue
      this.replacements.push({ operation, ino: Number.parseInt(is, 10) })
    }
    this.names.push(names)
    this.keptUntil.push(Math.max(keptUntil, this.keptUntil.at(-1) ?? -Infinity))
  }

  /** Of a session that finds this, all of it on storage. */
  static of(vfs: Vfs): Past {
    const past = new Past()
    past.record(vfs, -Infinity)
    past.firstSync = 0
    past.acknowledgements.push({ operation: 0, ino: undefined, time: -Infinity, forwardFrom: 0 })
    return past
  }

  /** What had been acknowledged by then. */
  acknowledgedAt({ operation, done }: Point): Acknowledgement[] {
    return this.acknowledgements.filter(
      (each) => each.operation < operation || (each.operation === operation && done),
    )
  }

  lastNameChange(ino: Ino | undefined, until: number): number {
    if (ino === undefined) return until
    return Math.max(0, ...(this.#nameChanges.get(ino) ?? []).filter((each) => each <= until))
  }

  #content(vfs: Vfs, ino: Ino, operation: number): void {
    if ((vfs.getattr(ino).mode & 0o170000) !== 0o100000) return
    const bytes = new Uint8Array(vfs.getattr(ino).size)
    vfs.read(ino, bytes, 0)
    const versions = this.versions.get(ino) ?? []
    const last = versions.at(-1)?.bytes
    if (last !== undefined && equal(last, bytes)) return
    this.versions.set(ino, [...versions, { operation, bytes }])
  }
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

export function describeNames(names: Names): string {
  return [...names]
    .map(([path, what]) => `${path} ${what}`)
    .sort()
    .join('\n')
}
