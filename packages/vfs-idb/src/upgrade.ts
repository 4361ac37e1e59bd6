// Makes a store, or makes the present layout from that of an earlier version, within the transaction in
// which the browser raises the version: what fails leaves the store as it was.
//
// Versions 1 and 2 had a record for each inode (INODES), each name (ENTRIES) and each chunk (CHUNKS), and
// in STATE the records TREE and, from version 2 on, FORMAT. Version 1 had neither checksums nor counts.

import {
  isRegular,
  type EntryFact,
  type Fact,
  type Ino,
  type InodeFact,
} from '@wasm-vfs/core/backend'
import { Catalogue } from './catalogue.ts'
import { checksumOf, checksumOfFields } from './checksum.ts'
import { damaged } from './codec.ts'
import { IdbContent } from './content.ts'
import { writeFold } from './fold.ts'
import { Image } from './image.ts'
import { LOG, OBJECT_STORES, SEGMENTS, STATE } from './layout.ts'
import { resultOf } from './waiting.ts'

const INODES = 'inodes'
const ENTRIES = 'entries'
const CHUNKS = 'chunks'
const TREE = 'tree'
const FORMAT = 'format'
const CHUNK_SIZE_OF_VERSION_1 = 64 * 1024
const CHUNK_SIZE_MIN = 4096
const CHUNK_SIZE_MAX = 1024 * 1024

interface InodeRecord extends Omit<InodeFact, 'type'> {
  /** Records of the file's content. */
  readonly chunks?: number
  readonly sum?: number
}

interface EntryRecord extends Omit<EntryFact, 'type'> {
  /** Rises with each name given. */
  readonly order: number
  readonly sum?: number
}

interface ChunkRecord {
  readonly ino: Ino
  readonly index: number
  /** What is missing is zeros. */
  readonly bytes: Uint8Array
  readonly sum?: number
}

interface StateRecord {
  readonly key: string
  readonly nextIno?: Ino
  readonly inodes?: number
  readonly entries?: number
  readonly chunkSize?: number
}

/** The object stores that a database of this version has. */
export function objectStoresOf(version: number): readonly string[] {
  return version < 3 ? [INODES, ENTRIES, CHUNKS, STATE] : OBJECT_STORES
}

/** From `version`, 0 being none. EIO if what is there is damaged; then the transaction is to be aborted. */
export async function upgrade(
  transaction: IDBTransaction,
  version: number,
  progress: () => void,
): Promise<void> {
  const { db } = transaction
  const image = new Image()
  const content = new IdbContent(image)
  let catalogue = new Catalogue()
  if (version === 0) db.createObjectStore(STATE, { keyPath: 'key' })
  else {
    catalogue = await readOldStore(transaction, content, progress)
    transaction.objectStore(STATE).delete(TREE)
    transaction.objectStore(STATE).delete(FORMAT)
    for (const name of [INODES, ENTRIES, CHUNKS]) db.deleteObjectStore(name)
  }
  db.createObjectStore(LOG)
  db.createObjectStore(SEGMENTS)
  const changes = content.takeFacts().filter((fact) => fact.type !== 'fold')
  const plan = image.plan(changes, [])
  await writeFold(transaction, { plan, catalogue, sequence: 0 }, progress)
}

async function readOldStore(
  transaction: IDBTransaction,
  content: IdbContent,
  progress: () => void,
): Promise<Catalogue> {
  const [inodes, entries, state] = await Promise.all([
    resultOf<InodeRecord[]>(transaction.objectStore(INODES).getAll()),
    resultOf<EntryRecord[]>(transaction.objectStore(ENTRIES).getAll()),
    resultOf<StateRecord[]>(transaction.objectStore(STATE).getAll()),
  ])
  const tree = state.find(({ key }) => key === TREE)
  const format = state.find(({ key }) => key === FORMAT)
  const chunkSize = format?.chunkSize ?? CHUNK_SIZE_OF_VERSION_1
  const isPowerOfTwo = (chunkSize & (chunkSize - 1)) === 0
  if (!isPowerOfTwo || chunkSize < CHUNK_SIZE_MIN || chunkSize > CHUNK_SIZE_MAX) {
    throw damaged(`a chunk of ${chunkSize} bytes cannot be`)
  }
  if (tree === undefined && inodes.length + entries.length > 0) {
    throw damaged('the next inode number is missing')
  }
  checkNumber('inodes', inodes.length, tree?.inodes)
  checkNumber('names', entries.length, tree?.entries)
  const catalogue = new Catalogue()
  for (const fact of factsOf(inodes, entries)) catalogue.apply(fact)
  if (tree?.nextIno !== undefined) catalogue.apply({ type: 'next', ino: tree.nextIno })

  const counts = new Map<Ino, number>()
  const chunks = transaction.objectStore(CHUNKS)
  for (const { ino, mode, size, chunks: expected } of inodes) {
    if (!isRegular(mode)) continue
    const records = await resultOf<ChunkRecord[]>(
      chunks.getAll(IDBKeyRange.bound([ino], [ino, []])),
    )
    progress()
    for (const record of records) {
      checkChunk(record, chunkSize, size)
      content.write(ino, record.bytes, record.index * chunkSize)
    }
    counts.set(ino, records.length)
    if (expected !== undefined && expected !== records.length) {
      throw damaged(`inode ${ino} has ${records.length} of its ${expected} chunks`)
    }
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  if ((await resultOf(chunks.count())) !== total) throw damaged('there is content of no file')
  return catalogue
}

function* factsOf(
  inodes: readonly InodeRecord[],
  entries: readonly EntryRecord[],
): Generator<Fact> {
  for (const { ino, mode, size, atime, mtime, ctime, target, chunks, sum } of inodes) {
    const fields = [ino, mode, size, atime, mtime, ctime, target, chunks] as const
    if (sum !== undefined && sum !== checksumOfFields(...fields)) {
      throw damaged(`inode ${ino} is not as it was written`)
    }
    yield { type: 'inode', ino, mode, size, atime, mtime, ctime, target }
  }
  for (const { parent, name, ino, order, sum } of entries.toSorted((a, b) => a.order - b.order)) {
    if (sum !== undefined && sum !== checksumOfFields(parent, name, ino, order)) {
      throw damaged(`the name '${name}' is not as it was written`)
    }
    yield { type: 'entry', parent, name, ino }
  }
}

function checkChunk(
  { ino, index, bytes, sum }: ChunkRecord,
  chunkSize: number,
  size: number,
): void {
  if (!(bytes instanceof Uint8Array) || bytes.length > chunkSize) {
    throw damaged(`chunk ${index} of inode ${ino} is not bytes, or too many`)
  }
  if (!Number.isSafeInteger(index) || index < 0 || index * chunkSize >= size) {
    throw damaged(`inode ${ino} has ${size} bytes and yet a chunk ${index}`)
  }
  if (sum !== undefined && sum !== checksumOf(bytes, ino, index)) {
    throw damaged(`chunk ${index} of inode ${ino} is not as it was written`)
  }
}

function checkNumber(what: string, there: number, expected: number | undefined): void {
  if (expected === undefined || expected === there) return
  throw damaged(`there are ${there} of ${expected} ${what}`)
}
