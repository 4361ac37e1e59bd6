// Records of inodes, entries and the tree: made with their checksums, and checked.

import type { EntryFact, Ino, InodeFact } from '@wasm-vfs/core/backend'
import { checksumOfFields } from './checksum.ts'
import { TREE, type EntryRecord, type InodeRecord, type TreeRecord } from './layout.ts'

/** `chunks`: records of the file's content. */
export function inodeRecord(fact: InodeFact, chunks: number): InodeRecord {
  const { ino, mode, size, atime, mtime, ctime, target } = fact
  const record = { ino, mode, size, atime, mtime, ctime, chunks }
  const whole = target === undefined ? record : { ...record, target }
  return { ...whole, sum: sumOfInode(whole) }
}

export function entryRecord({ parent, name, ino }: EntryFact, order: number): EntryRecord {
  const record = { parent, name, ino, order }
  return { ...record, sum: sumOfEntry(record) }
}

export function treeRecord(tree: Required<Omit<TreeRecord, 'key'>>): TreeRecord {
  return { key: TREE, ...tree }
}

/** Whether a record is as it was written; one without a checksum is taken as it is. */
export function isIntactInode(record: InodeRecord): boolean {
  return record.sum === undefined || record.sum === sumOfInode(record)
}

export function isIntactEntry(record: EntryRecord): boolean {
  return record.sum === undefined || record.sum === sumOfEntry(record)
}

/** Tells entries apart. */
export function entryKey(parent: Ino, name: string): string {
  return `${parent}/${name}`
}

function sumOfInode(record: InodeRecord): number {
  const { ino, mode, size, atime, mtime, ctime, target, chunks } = record
  return checksumOfFields(ino, mode, size, atime, mtime, ctime, target, chunks)
}

function sumOfEntry({ parent, name, ino, order }: EntryRecord): number {
  return checksumOfFields(parent, name, ino, order)
}
