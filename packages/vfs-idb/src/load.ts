// Reads a whole store into memory in one transaction: the tree at once, the chunks in pages, so that no
// more than two pages are in memory besides the files themselves. Everything read is checked; what
// cannot be is damage (EIO), never an empty store.

import {
  emptyTree,
  isRegular,
  TreeBuilder,
  VfsError,
  type Inode,
  type Tree,
} from '@wasm-vfs/core/backend'
import { checksumOf } from './checksum.ts'
import type { Connection } from './connection.ts'
import { IdbContent } from './content.ts'
import type { Counters } from './counters.ts'
import {
  CHUNK_SIZE_MAX,
  CHUNK_SIZE_MIN,
  CHUNKS,
  ENTRIES,
  FORMAT,
  INODES,
  SESSION,
  STATE,
  TREE,
  type ChunkRecord,
  type EntryRecord,
  type FormatRecord,
  type InodeRecord,
  type StateRecord,
  type TreeRecord,
} from './layout.ts'
import type { StoredRecords } from './metadata.ts'
import type { OpenProgress } from './options.ts'
import { entryKey, isIntactEntry, isIntactInode } from './records.ts'
import { resultOf } from './waiting.ts'

export interface LoadOptions {
  readonly connection: Connection
  readonly counters: Counters
  readonly onProgress: ((progress: OpenProgress) => void) | undefined
}

export interface LoadedStore {
  readonly tree: Tree
  readonly content: IdbContent
  readonly records: StoredRecords
  /** The last session that wrote did not close the store. */
  readonly marked: boolean
}

/** Chunks in one request: 8 MiB of a store of our own chunk size. */
const PAGE_CHUNKS = 256

export function loadStore(options: LoadOptions): Promise<LoadedStore> {
  const { connection, counters, onProgress } = options
  return connection.transaction('readonly', 'default', async (transaction, progress) => {
    const chunks = transaction.objectStore(CHUNKS)
    // All asked for at once: each answer costs a round trip to the browser's storage process.
    const [inodes, entries, state, firstPage, chunksTotal] = await Promise.all([
      resultOf<InodeRecord[]>(transaction.objectStore(INODES).getAll()),
      resultOf<EntryRecord[]>(transaction.objectStore(ENTRIES).getAll()),
      resultOf<StateRecord[]>(transaction.objectStore(STATE).getAll()),
      resultOf<ChunkRecord[]>(chunks.getAll(undefined, PAGE_CHUNKS)),
      onProgress === undefined ? 0 : resultOf(chunks.count()),
    ])
    counters.reads += 4
    const chunkSize = chunkSizeOf(state)
    const { tree, records } = buildTree(inodes, entries, state, firstPage.length > 0)
    const content = new IdbContent(chunkSize)
    let chunksLoaded = 0
    let page = firstPage
    while (page.length > 0) {
      progress()
      const next = page.length < PAGE_CHUNKS ? undefined : pageAfter(chunks, page.at(-1)!)
      // Should this page be found damaged, nobody awaits the next.
      next?.catch(() => {})
      for (const record of page) {
        checkChunk(record, tree.inodes.get(record.ino), chunkSize)
        content.load(record.ino, record.index, record.bytes)
        counters.bytesRead += record.bytes.length
      }
      chunksLoaded += page.length
      onProgress?.({ chunksLoaded, chunksTotal })
      if (next === undefined) break
      page = await next
      counters.reads++
    }
    for (const record of inodes) checkCount(record, content)
    const marked = state.some(({ key }) => key === SESSION)
    return { tree, content, records, marked }
  })
}

function pageAfter(chunks: IDBObjectStore, { ino, index }: ChunkRecord): Promise<ChunkRecord[]> {
  return resultOf(chunks.getAll(IDBKeyRange.lowerBound([ino, index], true), PAGE_CHUNKS))
}

function chunkSizeOf(state: readonly StateRecord[]): number {
  const format = state.find((record): record is FormatRecord => record.key === FORMAT)
  if (format === undefined) throw damaged('the record of their format is missing')
  const { chunkSize } = format
  const isPowerOfTwo = Number.isSafeInteger(chunkSize) && (chunkSize & (chunkSize - 1)) === 0
  if (!isPowerOfTwo || chunkSize < CHUNK_SIZE_MIN || chunkSize > CHUNK_SIZE_MAX) {
    throw damaged(`a chunk of ${String(chunkSize)} bytes cannot be`)
  }
  return chunkSize
}

function buildTree(
  inodes: readonly InodeRecord[],
  entries: EntryRecord[],
  state: readonly StateRecord[],
  hasChunks: boolean,
): Pick<LoadedStore, 'tree' | 'records'> {
  const record = state.find((each): each is TreeRecord => each.key === TREE)
  if (record === undefined) {
    if (inodes.length > 0 || entries.length > 0 || hasChunks) {
      throw damaged('the next inode number is missing')
    }
    const tree = emptyTree()
    const records = { inodes: new Set<number>(), entries: new Set<string>(), nextIno: 0 }
    return { tree, records: { ...records, nextOrder: 0 } }
  }
  checkNumber('inodes', inodes.length, record.inodes)
  checkNumber('names', entries.length, record.entries)
  const builder = new TreeBuilder()
  builder.apply({ type: 'next', ino: record.nextIno })
  for (const inode of inodes) {
    if (!isIntactInode(inode)) throw damaged(`inode ${inode.ino} is not as it was written`)
    builder.apply({ type: 'inode', ...inode })
  }
  entries.sort((a, b) => a.order - b.order)
  for (const entry of entries) {
    const { parent, name, ino } = entry
    if (!isIntactEntry(entry)) throw damaged(`the name '${name}' is not as it was written`)
    builder.apply({ type: 'entry', parent, name, ino })
  }
  const records: StoredRecords = {
    inodes: new Set(inodes.map(({ ino }) => ino)),
    entries: new Set(entries.map(({ parent, name }) => entryKey(parent, name))),
    nextIno: record.nextIno,
    nextOrder: (entries.at(-1)?.order ?? -1) + 1,
  }
  return { tree: builder.build(), records }
}

function checkChunk(record: ChunkRecord, inode: Inode | undefined, chunkSize: number): void {
  const { ino, index, bytes, sum } = record
  if (inode === undefined || !isRegular(inode.mode)) {
    throw damaged(`there is content of inode ${ino}, which is no file`)
  }
  if (!(bytes instanceof Uint8Array) || bytes.length > chunkSize) {
    throw damaged(`chunk ${index} of inode ${ino} is not bytes, or too many`)
  }
  if (!Number.isSafeInteger(index) || index < 0 || index * chunkSize >= inode.size) {
    throw damaged(`inode ${ino} has ${inode.size} bytes and yet a chunk ${index}`)
  }
  if (sum !== undefined && sum !== checksumOf(bytes, ino, index)) {
    throw damaged(`chunk ${index} of inode ${ino} is not as it was written`)
  }
}

function checkCount({ ino, chunks }: InodeRecord, content: IdbContent): void {
  const there = content.recordsOf(ino)
  if (chunks === undefined || chunks === there) return
  throw damaged(`inode ${ino} has ${there} of its ${chunks} chunks`)
}

function checkNumber(what: string, there: number, expected: number | undefined): void {
  if (expected === undefined || expected === there) return
  throw damaged(`there are ${there} of ${expected} ${what}`)
}

function damaged(detail: string): VfsError {
  return new VfsError('EIO', 'open', { detail: `the stored files are damaged: ${detail}` })
}
