// Reads a whole store into memory in one transaction: the tree at once, the chunks in pages, so that no
// more than two pages are in memory besides the files themselves. Everything read is checked; what
// cannot be is damage (EIO), never an empty store.

import {
  CHUNK_SIZE,
  emptyTree,
  isRegular,
  TreeBuilder,
  VfsError,
  type Inode,
  type Tree,
} from '@wasm-vfs/core/backend'
import type { Connection } from './connection.ts'
import type { IdbContent } from './content.ts'
import type { Counters } from './counters.ts'
import {
  CHUNKS,
  ENTRIES,
  INODES,
  STATE,
  TREE,
  type ChunkRecord,
  type EntryRecord,
  type InodeRecord,
  type StateRecord,
} from './layout.ts'
import type { OpenProgress } from './options.ts'
import { resultOf } from './waiting.ts'

export interface LoadOptions {
  readonly connection: Connection
  readonly content: IdbContent
  readonly counters: Counters
  readonly onProgress: ((progress: OpenProgress) => void) | undefined
}

export interface LoadedStore {
  readonly tree: Tree
  readonly nextOrder: number
}

/** Chunks in one request: at most 16 MiB. */
const PAGE_CHUNKS = 256

export function loadStore(options: LoadOptions): Promise<LoadedStore> {
  const { connection, content, counters, onProgress } = options
  return connection.transaction('readonly', 'default', async (transaction, progress) => {
    const chunks = transaction.objectStore(CHUNKS)
    // All asked for at once: each answer costs a round trip to the browser's storage process.
    const [inodes, entries, state, firstPage, chunksTotal] = await Promise.all([
      resultOf<InodeRecord[]>(transaction.objectStore(INODES).getAll()),
      resultOf<EntryRecord[]>(transaction.objectStore(ENTRIES).getAll()),
      resultOf<StateRecord | undefined>(transaction.objectStore(STATE).get(TREE)),
      resultOf<ChunkRecord[]>(chunks.getAll(undefined, PAGE_CHUNKS)),
      onProgress === undefined ? 0 : resultOf(chunks.count()),
    ])
    counters.reads += 4
    progress()
    const { tree, nextOrder } = buildTree(inodes, entries, state, firstPage.length > 0)
    let chunksLoaded = 0
    let page = firstPage
    while (page.length > 0) {
      const next = page.length < PAGE_CHUNKS ? undefined : pageAfter(chunks, page.at(-1)!)
      for (const record of page) {
        checkChunk(record, tree.inodes.get(record.ino))
        content.load(record.ino, record.index, record.bytes)
        counters.bytesRead += record.bytes.length
      }
      chunksLoaded += page.length
      onProgress?.({ chunksLoaded, chunksTotal })
      if (next === undefined) break
      page = await next
      counters.reads++
      progress()
    }
    return { tree, nextOrder }
  })
}

function pageAfter(chunks: IDBObjectStore, { ino, index }: ChunkRecord): Promise<ChunkRecord[]> {
  return resultOf(chunks.getAll(IDBKeyRange.lowerBound([ino, index], true), PAGE_CHUNKS))
}

function buildTree(
  inodes: readonly InodeRecord[],
  entries: EntryRecord[],
  state: StateRecord | undefined,
  hasChunks: boolean,
): LoadedStore {
  if (inodes.length === 0 && entries.length === 0 && state === undefined && !hasChunks) {
    return { tree: emptyTree(), nextOrder: 0 }
  }
  if (state === undefined) throw damaged('the next inode number is missing')
  const builder = new TreeBuilder()
  builder.apply({ type: 'next', ino: state.nextIno })
  for (const record of inodes) builder.apply({ type: 'inode', ...record })
  entries.sort((a, b) => a.order - b.order)
  for (const { parent, name, ino } of entries) builder.apply({ type: 'entry', parent, name, ino })
  return { tree: builder.build(), nextOrder: (entries.at(-1)?.order ?? -1) + 1 }
}

function checkChunk({ ino, index, bytes }: ChunkRecord, inode: Inode | undefined): void {
  if (inode === undefined || !isRegular(inode.mode)) {
    throw damaged(`there is content of inode ${ino}, which is no file`)
  }
  if (!(bytes instanceof Uint8Array) || bytes.length > CHUNK_SIZE) {
    throw damaged(`chunk ${index} of inode ${ino} is not bytes, or too many`)
  }
  if (!Number.isSafeInteger(index) || index < 0 || index * CHUNK_SIZE >= inode.size) {
    throw damaged(`inode ${ino} has ${inode.size} bytes and yet a chunk ${index}`)
  }
}

function damaged(detail: string): VfsError {
  return new VfsError('EIO', 'open', { detail: `the stored files are damaged: ${detail}` })
}
