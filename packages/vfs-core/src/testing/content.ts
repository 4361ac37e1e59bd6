// File contents for tests: recognizable bytes, and whole files in one call.

import { ROOT_INO, type Ino, type Vfs } from '../contract/index.ts'
import { check, equal } from './assert.ts'

/** `length` bytes, none of them zero, that differ from place to place and from seed to seed. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  // A linear congruential step per byte (Knuth's MMIX constants do not fit; these are Numerical
  // Recipes'), of which the top bits are used.
  let state = (seed * 2654435761) >>> 0
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[index] = 1 + ((state >>> 8) % 255)
  }
  return bytes
}

export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Makes a file with this content. */
export function writeFile(
  vfs: Vfs,
  name: string,
  content: Uint8Array = new Uint8Array(),
  parent: Ino = ROOT_INO,
): Ino {
  const ino = vfs.create(parent, name, 0o644)
  if (content.length > 0) equal(vfs.write(ino, content, 0), content.length, 'bytes written')
  return ino
}

/** A buffer for a read, full of what the read must overwrite: a zero has to be read to be there. */
export const unreadBuffer = (length: number): Uint8Array => new Uint8Array(length).fill(0x5a)

/** The whole content of a file, as its size says. */
export function readFile(vfs: Vfs, ino: Ino): Uint8Array {
  const { size } = vfs.getattr(ino)
  const content = unreadBuffer(size)
  equal(vfs.read(ino, content, 0), size, 'bytes read')
  return content
}

export function readRange(vfs: Vfs, ino: Ino, at: number, length: number): Uint8Array {
  const bytes = unreadBuffer(length)
  return bytes.subarray(0, vfs.read(ino, bytes, at))
}

export function isZeros(bytes: Uint8Array, about: string): void {
  const index = bytes.findIndex((byte) => byte !== 0)
  check(index === -1, `${about}: expected zeros, byte ${index} is ${bytes[index]}`)
}

/** The names in a directory, in the order of `readdir`. */
export const namesIn = (vfs: Vfs, ino: Ino = ROOT_INO): string[] =>
  vfs.readdir(ino).map((entry) => entry.name)
