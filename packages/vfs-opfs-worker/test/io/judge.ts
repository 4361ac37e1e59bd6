// Holds a store that was opened after a crash against the past that the crash ended. Called by crash.ts.

import type { Ino, Vfs } from '@wasm-vfs/core'
import { SECTOR_SIZE } from '@wasm-vfs/core/testing/simulated-opfs'
import { describeNames, Past, type Acknowledgement, type Names, type Point } from './past.ts'

/** Of the relaxed stores under test, in milliseconds. */
export const WINDOW_MS = 500

export class Judge {
  readonly #past: Past
  readonly #point: Point
  readonly #kept: readonly Acknowledgement[]
  readonly #atRisk: readonly Acknowledgement[]

  constructor(past: Past, point: Point, crash: string, level: string) {
    this.#past = past
    this.#point = point
    const made = past.acknowledgedAt(point)
    const returned = point.done ? point.operation : point.operation - 1
    const keptUntil = past.keptUntil[Math.max(returned, 0)]!
    const mayBeLost = ({ time }: Acknowledgement): boolean =>
      crash === 'power' && level === 'relaxed' && time + WINDOW_MS > keptUntil
    this.#kept = made.filter((each) => !mayBeLost(each))
    this.#atRisk = made.filter((each) => mayBeLost(each))
  }

  problem(vfs: Vfs): string | undefined {
    const seen = new Past()
    seen.record(vfs, 0)
    const names = seen.names[0]!
    const moments = this.#momentsWith(names)
    if (moments.length === 0) {
      const last = describeNames(this.#past.names[this.#point.operation]!)
      return `the names were never like this:\n${describeNames(names)}\nthe last were:\n${last}`
    }
    const latest = moments.at(-1)!
    for (const { operation, ino } of this.#kept) {
      const needed = this.#past.lastNameChange(ino, operation)
      if (latest >= needed || describeNames(this.#past.names[needed]!) === describeNames(names))
        continue
      return `operation ${operation} was acknowledged, but the names are those of operation ${latest}`
    }
    if (this.#point.operation < this.#past.firstSync && moments[0]! > 0) {
      return `nothing was synced, but the names are those of operation ${moments[0]}`
    }
    for (const [ino, [version]] of seen.versions) {
      const problem = this.#wrongContent(ino, version!.bytes, this.#since(ino, moments[0]!))
      if (problem !== undefined) return problem
    }
    return this.#brokenOrder(seen, moments)
  }

  #momentsWith(names: Names): number[] {
    const wanted = describeNames(names)
    const moments: number[] = []
    for (let operation = 0; operation <= this.#point.operation; operation++) {
      if (describeNames(this.#past.names[operation]!) === wanted) moments.push(operation)
    }
    return moments
  }

  #since(ino: Ino, moment: number): number {
    let since = 0
    for (const each of this.#past.replacements) {
      if (each.ino === ino && each.operation <= moment) since = Math.max(since, each.operation)
    }
    for (const each of this.#kept) {
      if (each.ino === undefined || each.ino === ino) since = Math.max(since, each.operation)
    }
    return since
  }

  #wrongContent(ino: Ino, bytes: Uint8Array, since: number): string | undefined {
    const all = this.#past.versions.get(ino)
    if (all === undefined) return `inode ${ino} was never made`
    const first = all.findLastIndex(({ operation }) => operation <= since)
    const possible = all
      .slice(Math.max(first, 0))
      .filter(({ operation }, index) => index === 0 || operation <= this.#point.operation)
    // A batch in between may have kept an empty beginning of a file that was made since.
    const sizes = new Set(possible.map((version) => version.bytes.length))
    if (!sizes.has(bytes.length)) {
      return `inode ${ino} has ${bytes.length} bytes, and since operation ${since} had ${[...sizes].join(', ')}`
    }
    for (let at = 0; at < bytes.length; at += SECTOR_SIZE) {
      const piece = bytes.subarray(at, at + SECTOR_SIZE)
      if (possible.some((version) => holds(version.bytes, piece, at))) continue
      return `inode ${ino} at ${at} of ${bytes.length} is as it never was since operation ${since}`
    }
    return undefined
  }

  #brokenOrder(seen: Past, moments: readonly number[]): string | undefined {
    for (const fsync of this.#atRisk) {
      const inos = fsync.ino === undefined ? [...seen.versions.keys()] : [fsync.ino]
      const lost =
        moments.at(-1)! < this.#past.lastNameChange(fsync.ino, fsync.operation) ||
        inos.some((ino) => {
          const bytes = seen.versions.get(ino)?.[0]?.bytes
          return (
            bytes !== undefined && this.#wrongContent(ino, bytes, fsync.operation) !== undefined
          )
        })
      if (!lost) continue
      if (moments[0]! > fsync.operation) {
        return `operation ${fsync.operation} is lost, but the names are those of ${moments[0]}`
      }
      for (const [ino, [version]] of seen.versions) {
        const later = this.#laterSector(ino, version!.bytes, fsync)
        if (later !== undefined) return `operation ${fsync.operation} is lost, but ${later}`
      }
    }
    return undefined
  }

  /** A sector that has a value it first had after the fsync. */
  #laterSector(ino: Ino, bytes: Uint8Array, fsync: Acknowledgement): string | undefined {
    const versions = this.#past.versions.get(ino) ?? []
    for (let at = 0; at < bytes.length; at += SECTOR_SIZE) {
      if (ino === fsync.ino && at + SECTOR_SIZE > fsync.forwardFrom) continue
      const piece = bytes.subarray(at, at + SECTOR_SIZE)
      if (piece.every((byte) => byte === 0)) continue
      const first = versions.find((version) => holds(version.bytes, piece, at))
      if (first !== undefined && first.operation > fsync.operation) {
        return `inode ${ino} has at ${at} what operation ${first.operation} wrote`
      }
    }
    return undefined
  }
}

/** `piece` at `at`, zeros behind the end. */
function holds(bytes: Uint8Array, piece: Uint8Array, at: number): boolean {
  for (let index = 0; index < piece.length; index++) {
    if ((bytes[at + index] ?? 0) !== piece[index]) return false
  }
  return true
}
