// Reads a whole store into memory in one transaction: the head and the log at once, then the segments,
// some at a time, so that only these are in memory besides the files themselves. Everything read is
// checked; what cannot be is damage (EIO), never an empty store.

import { decodeFact, emptyTree, isRegular, TreeBuilder, type Tree } from '@wasm-vfs/core/backend'
import { Catalogue } from './catalogue.ts'
import { checksumOf } from './checksum.ts'
import { damaged, decodeHead } from './codec.ts'
import type { Connection } from './connection.ts'
import { IdbContent } from './content.ts'
import type { Counters } from './counters.ts'
import { Image } from './image.ts'
import {
  CHUNK_SIZE,
  HEAD,
  LOG,
  SEGMENTS,
  SESSION,
  STATE,
  type HeadRecord,
  type LogRecord,
  type SegmentEntry,
  type SegmentRecord,
  type SessionRecord,
  type StateRecord,
} from './layout.ts'
import { readLog, type Log } from './log.ts'
import type { OpenProgress } from './options.ts'
import { wasLeftOpen } from './session.ts'
import { resultOf } from './waiting.ts'

export interface LoadOptions {
  readonly connection: Connection
  readonly counters: Counters
  readonly onProgress: ((progress: OpenProgress) => void) | undefined
}

export interface LoadedStore {
  readonly tree: Tree
  readonly content: IdbContent
  readonly image: Image
  readonly catalogue: Catalogue
  /** Of the next record in the log. */
  readonly sequence: number
  /** The log has records from there on, of a sync that is not whole. */
  readonly isUnfinished: boolean
  /** The last session that wrote did not close the store. */
  readonly wasLeftOpen: boolean
}

/** Segments asked for and not yet here: 15 MiB. One after the other takes twice as long in Firefox. */
const SEGMENTS_IN_FLIGHT = 16
/** Live places of a segment, in all, from which on its buffer is not copied. */
const DENSE = 0.75

export function loadStore(options: LoadOptions): Promise<LoadedStore> {
  const { connection, counters, onProgress } = options
  return connection.transaction('readonly', 'default', async (transaction, progress) => {
    const segments = transaction.objectStore(SEGMENTS)
    // All asked for at once: each answer costs a round trip to the browser's storage process.
    const [state, found, segmentsThere] = await Promise.all([
      resultOf<StateRecord[]>(transaction.objectStore(STATE).getAll()),
      resultOf<LogRecord[]>(transaction.objectStore(LOG).getAll()),
      resultOf(segments.count()),
    ])
    counters.reads += 3
    const record = state.find((each): each is HeadRecord => each.key === HEAD)
    if (record === undefined) throw damaged('the list of all files is missing')
    const head = decodeHead(record)
    const log = readLog(found, head.sequence)
    const session = state.find((each): each is SessionRecord => each.key === SESSION)
    const leftOpen = wasLeftOpen(session, log)
    const catalogue = new Catalogue()
    for (const fact of head.facts) catalogue.apply(decodeFact(fact))
    const image = new Image()
    image.load(head.segments, head.nextSegment, record.bytes.length)
    const content = new IdbContent(image)
    replay(log, { catalogue, image, content })
    for (const { bytes } of found) counters.bytesRead += bytes.length

    const entries = head.segments.toSorted((a, b) => a.id - b.id)
    const bytesTotal = entries.reduce((sum, { chunks }) => sum + chunks * CHUNK_SIZE, 0)
    let bytesLoaded = 0
    for await (const [entry, segment] of segmentsOf(segments, entries)) {
      progress()
      counters.reads++
      loadSegment(entry, segment, { image, content })
      bytesLoaded += entry.chunks * CHUNK_SIZE
      onProgress?.({ bytesLoaded, bytesTotal })
    }
    counters.bytesRead += bytesLoaded
    if (segmentsThere > entries.length) {
      throw damaged(`there are ${segmentsThere} segments, of which ${entries.length} are known`)
    }
    checkContent(image, catalogue)
    const tree = treeOf(catalogue)
    const { next: sequence, isUnfinished } = log
    return { tree, content, image, catalogue, sequence, isUnfinished, wasLeftOpen: leftOpen }
  })
}

/** In order. Those that follow are on their way while one is being worked on. */
async function* segmentsOf(
  segments: IDBObjectStore,
  entries: readonly SegmentEntry[],
): AsyncGenerator<readonly [SegmentEntry, SegmentRecord]> {
  const inFlight: Promise<SegmentRecord | undefined>[] = []
  const request = ({ id }: SegmentEntry): void => {
    const record = resultOf<SegmentRecord | undefined>(segments.get(id))
    // Should one before it be found damaged, nobody awaits it.
    record.catch(() => {})
    inFlight.push(record)
  }
  for (const entry of entries.slice(0, SEGMENTS_IN_FLIGHT)) request(entry)
  for (const [at, entry] of entries.entries()) {
    const segment = await inFlight.shift()!
    if (segment === undefined) throw damaged(`segment ${entry.id} is missing`)
    const next = entries[at + SEGMENTS_IN_FLIGHT]
    if (next !== undefined) request(next)
    yield [entry, segment]
  }
}

type Loading = Pick<LoadedStore, 'catalogue' | 'image' | 'content'>

function replay({ records, batches }: Log, { catalogue, image, content }: Loading): void {
  for (const [at, batch] of batches.entries()) {
    for (const fact of batch.facts) catalogue.apply(fact)
    image.logged(batch.content, [records[at]!])
  }
  // Of several that wrote a chunk, the last counts.
  const loaded = new Set<string>()
  for (const batch of batches.toReversed()) {
    for (const change of batch.content) {
      const { type, ino, index } = change
      const key = `${ino}/${index}`
      if (type !== 'chunk' || !image.isInLog(ino, index) || loaded.has(key)) continue
      loaded.add(key)
      content.load(ino, index, change.bytes)
    }
  }
}

/** Loads what the log has not replaced. */
function loadSegment(
  { id, chunks, sum, runs }: SegmentEntry,
  record: SegmentRecord | null,
  { image, content }: Omit<Loading, 'catalogue'>,
): void {
  const { bytes } = record ?? { bytes: undefined }
  const whole = bytes instanceof Uint8Array && bytes.length === chunks * CHUNK_SIZE
  if (!whole || sum !== checksumOf(bytes, id)) {
    const inos = [...new Set(runs.map(([, ino]) => ino))].join(', ')
    throw damaged(`segment ${id}, with content of inode ${inos}, is not as it was written`)
  }
  // Taken over as it is, the buffer also keeps the dead places in memory.
  const live = runs.reduce((count, run) => count + run[3], 0)
  const dense = live >= DENSE * chunks
  for (const [at, ino, index, count] of runs) {
    for (let each = 0; each < count; each++) {
      if (!image.isIn(id, ino, index + each)) continue
      const start = (at + each) * CHUNK_SIZE
      const end = start + CHUNK_SIZE
      content.load(ino, index + each, dense ? bytes.subarray(start, end) : bytes.slice(start, end))
    }
  }
}

function checkContent(image: Image, { inodes }: Catalogue): void {
  for (const [ino, index] of image.chunks()) {
    const inode = inodes.get(ino)
    if (inode === undefined || !isRegular(inode.mode)) {
      throw damaged(`there is content of inode ${ino}, which is no file`)
    }
    if (!(index >= 0) || index * CHUNK_SIZE >= inode.size) {
      throw damaged(`inode ${ino} has ${inode.size} bytes and yet a chunk ${index}`)
    }
  }
}

function treeOf(catalogue: Catalogue): Tree {
  if (catalogue.inodes.size === 0) return emptyTree()
  const builder = new TreeBuilder()
  for (const fact of catalogue.facts()) builder.apply(fact)
  return builder.build()
}
