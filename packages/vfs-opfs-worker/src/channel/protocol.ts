// The one place that defines what the client thread and the I/O worker share: the layout of the
// SharedArrayBuffer between them, its words and records, and the messages of the start. Both sides use
// it, and each checks MAGIC and VERSION before it believes anything.
//
// One client posts numbered requests; the worker carries them out in that order. Every number is written
// by one side only, but for the claim of a record. Records and bytes are plain memory: the atomic store that
// publishes a sequence number publishes what was written before it.
//
// The worker claims a request by compare-and-swap before it touches anything. A client whose deadline has
// passed cancels, by compare-and-swap, what is not claimed: the worker never touches that.
//
//   header     words, one cache line for each side
//   answers    what waited requests return, one block for each kind of waiter
//   records    a ring of requests, RECORDS of RECORD_BYTES
//   read area  where the worker puts bytes that a read asked for
//   data ring  bytes of posted writes and of batches, in the order of their requests

import type { VfsCounters } from '@wasm-vfs/core/backend'
import type { IoStoreOptions } from '../io/io-store.ts'

export const MAGIC = 0x5746_5331
export const VERSION = 1

// ---- Header: indices of 32-bit words.

export const WORD_MAGIC = 0
export const WORD_VERSION = 1
export const WORD_RING_BYTES = 2

/** Written by the client: the number of the last request posted. The worker sleeps on it. */
export const WORD_POSTED = 16
/** A waiter sleeps until the request of this number is done: one that blocks, one that does not. */
export const WORD_BLOCKED = 17
export const WORD_BLOCKED_UNTIL = 18
export const WORD_PENDING = 19
export const WORD_PENDING_UNTIL = 20

/** Written by the worker: one of the states below. */
export const WORD_STATE = 32
/** The numbers of the last request taken and of the last one carried out. The client sleeps on the latter. */
export const WORD_TAKEN = 33
export const WORD_DONE = 34
/** Moves at least every HEARTBEAT_MS while the worker awaits a promise, and whenever it wakes. */
export const WORD_HEARTBEAT = 35
/** How often something has failed whose call had returned; see failures.ts. */
export const WORD_FAILURES = 36
/** Growth that is sure to find space, in KiB. */
export const WORD_RESERVED_KIB = 37

/** Index of the 64-bit numbers of the header, all written by the worker. */
export const NUMBER_SPACE_TOTAL = 24
export const NUMBER_SPACE_FREE = 25

const HEADER_BYTES = 256

export const HEARTBEAT_MS = 500

// States of the worker.

/** Opening the store. */
export const STATE_STARTING = 0
/** Carrying out requests without a promise: its event loop does not turn. */
export const STATE_WORKING = 1
/** Awaiting a promise: the heartbeat goes on. */
export const STATE_AWAITING = 2
/** Waiting for WORD_POSTED to move. */
export const STATE_ASLEEP = 3
/** Over: the last request was CLOSE. */
export const STATE_CLOSED = 4
/** Over: the serving loop has thrown; answer block ANSWER_FATAL says what. */
export const STATE_FAILED = 5

// ---- Answers.

/** What a request that nobody waits for has instead of an answer block. */
export const ANSWER_NONE = 0
/** Blocks: of the waiter that blocks, of the one that does not, and of a dead serving loop. */
export const ANSWER_BLOCKED = 1
export const ANSWER_PENDING = 2
export const ANSWER_FATAL = 3

const ANSWERS = 4
const ANSWER_BYTES = 4096
/** Words of a block: an errno, 0 for success, and the length of the text that says what happened. */
export const ANSWER_WORD_ERRNO = 0
export const ANSWER_WORD_TEXT_LENGTH = 1
/** Numbers of a block, from its second one on. */
export const ANSWER_NUMBERS = 1
const ANSWER_TEXT_AT = 512
export const ANSWER_TEXT_BYTES: number = ANSWER_BYTES - ANSWER_TEXT_AT

/** The order of the counters in the answer to STATS; one that the store does not have is NaN. */
export const COUNTERS: readonly (keyof VfsCounters)[] = [
  'handles',
  'reads',
  'writes',
  'truncates',
  'flushes',
  'bytesRead',
  'bytesWritten',
  'commits',
  'checkpoints',
  'transactions',
  'bytesCopied',
]

// ---- Records.

/** A power of two, so that sequence numbers may wrap. */
export const RECORDS = 1024
const RECORD_BYTES = 64
export const RECORD_WORDS: number = RECORD_BYTES / 4
export const RECORD_NUMBERS: number = RECORD_BYTES / 8

/** Words of a record. */
export const RECORD_OP = 0
/** Where its bytes are: one of the places below. */
export const RECORD_PLACE = 1
export const RECORD_LENGTH = 2
/** COMMIT: acknowledge. CLOSE: clean. */
export const RECORD_FLAG = 3
export const RECORD_ANSWER = 12
/** One of the states below: reset by the client, then changed once. */
export const RECORD_CLAIM = 13
/** Numbers of a record, as float64 since they exceed 32 bits. */
export const RECORD_INO = 2
export const RECORD_AT = 3
/** WRITE and RESIZE: the file's size before; RESERVE: its size behind. */
export const RECORD_SIZE = 4
/** Where the bytes begin within their place. */
export const RECORD_ADDRESS = 5

export const CLAIM_NONE = 0
/** By the worker, which carries the request out. */
export const CLAIM_TAKEN = 1
/** By the client, which is dead to the worker from then on. */
export const CLAIM_CANCELLED = 2

export const PLACE_NONE = 0
export const PLACE_RING = 1
export const PLACE_READ_AREA = 2
/** The first attached memory; the next one is 4, and so on. */
export const PLACE_MEMORY = 3

// Requests. Posted means that nobody waits; the others are answered.

/** Nothing: a bare round trip. */
export const OP_PING = 1
/** Posted, or waited for if the bytes are in an attached memory. */
export const OP_WRITE = 2
/** Posted. AT is the new size. */
export const OP_RESIZE = 3
/** Posted. */
export const OP_DROP = 4
export const OP_READ = 5
export const OP_FSYNC = 6
/** AT bytes of growth, for the file INO that will have SIZE; the answer's number is how many there are. */
export const OP_RESERVE = 7
/** Posted: the first bytes of a batch that COMMIT ends. */
export const OP_BATCH_PART = 8
export const OP_COMMIT = 9
export const OP_SYNC_ALL = 10
export const OP_HOUSEKEEPING = 11
/** Posted. */
export const OP_RELAX = 12
/** Take a memory that was sent by message. */
export const OP_MEMORY = 13
/** The answer's numbers are the COUNTERS. */
export const OP_STATS = 14
export const OP_CLOSE = 15
/** What is still to be done to acknowledge the batches committed so far. */
export const OP_ACKNOWLEDGE = 16
/** Posted. A failure leaves everything pending. */
export const OP_WRITE_BACK = 17
/** Whether anything has failed whose call had returned, to inode INO if there is one. */
export const OP_CHECK = 18

/** For messages. */
export const OPERATIONS: Readonly<Record<number, string>> = {
  [OP_PING]: 'ping',
  [OP_WRITE]: 'write',
  [OP_RESIZE]: 'truncate',
  [OP_DROP]: 'drop',
  [OP_READ]: 'read',
  [OP_FSYNC]: 'fsync',
  [OP_RESERVE]: 'reserve',
  [OP_BATCH_PART]: 'commit',
  [OP_COMMIT]: 'commit',
  [OP_SYNC_ALL]: 'sync',
  [OP_HOUSEKEEPING]: 'housekeeping',
  [OP_RELAX]: 'relaxDurability',
  [OP_MEMORY]: 'attachMemory',
  [OP_STATS]: 'stats',
  [OP_CLOSE]: 'close',
  [OP_ACKNOWLEDGE]: 'acknowledge',
  [OP_WRITE_BACK]: 'write back',
  [OP_CHECK]: 'check',
}

// ---- The buffer and the views of it.

export interface SharedViews {
  readonly words: Int32Array
  readonly numbers: Float64Array
  /** Of one answer block; see `answerWords`. */
  readonly answers: readonly AnswerBlock[]
  readonly recordWords: Int32Array
  readonly recordNumbers: Float64Array
  readonly readArea: Uint8Array
  readonly ring: Uint8Array
}

export interface AnswerBlock {
  readonly words: Int32Array
  readonly numbers: Float64Array
  readonly text: Uint8Array
}

/** The smallest data ring; a larger one is a multiple of it. */
export const RING_BYTES_UNIT: number = 64 * 1024

export function readAreaBytes(ringBytes: number): number {
  return Math.max(RING_BYTES_UNIT, ringBytes / 4)
}

const ANSWERS_AT = HEADER_BYTES
const RECORDS_AT = ANSWERS_AT + ANSWERS * ANSWER_BYTES
const READ_AREA_AT = RECORDS_AT + RECORDS * RECORD_BYTES

/** The client's side: a new buffer, marked as ours. */
export function makeShared(ringBytes: number): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(READ_AREA_AT + readAreaBytes(ringBytes) + ringBytes)
  const words = new Int32Array(shared, 0, HEADER_BYTES / 4)
  words[WORD_MAGIC] = MAGIC
  words[WORD_VERSION] = VERSION
  words[WORD_RING_BYTES] = ringBytes
  return shared
}

/** What is wrong with a buffer, in words; undefined if it is one of this version. */
export function mismatch(shared: SharedArrayBuffer): string | undefined {
  if (shared.byteLength < HEADER_BYTES) return `a buffer of ${shared.byteLength} bytes`
  const words = new Int32Array(shared, 0, HEADER_BYTES / 4)
  if (words[WORD_MAGIC] !== MAGIC) return 'a buffer that is not ours'
  const version = words[WORD_VERSION]
  if (version !== VERSION) return `version ${version} of the protocol, not ${VERSION}`
  const ringBytes = words[WORD_RING_BYTES]!
  const expected = READ_AREA_AT + readAreaBytes(ringBytes) + ringBytes
  if (shared.byteLength !== expected) return `${shared.byteLength} bytes, not ${expected}`
  return undefined
}

export function viewsOf(shared: SharedArrayBuffer): SharedViews {
  const words = new Int32Array(shared, 0, HEADER_BYTES / 4)
  const ringBytes = words[WORD_RING_BYTES]!
  const area = readAreaBytes(ringBytes)
  return {
    words,
    numbers: new Float64Array(shared, 0, HEADER_BYTES / 8),
    answers: Array.from({ length: ANSWERS }, (_, index) => answerBlock(shared, index)),
    recordWords: new Int32Array(shared, RECORDS_AT, RECORDS * RECORD_WORDS),
    recordNumbers: new Float64Array(shared, RECORDS_AT, RECORDS * RECORD_NUMBERS),
    readArea: new Uint8Array(shared, READ_AREA_AT, area),
    ring: new Uint8Array(shared, READ_AREA_AT + area, ringBytes),
  }
}

function answerBlock(shared: SharedArrayBuffer, index: number): AnswerBlock {
  const at = ANSWERS_AT + index * ANSWER_BYTES
  return {
    words: new Int32Array(shared, at, 2),
    numbers: new Float64Array(shared, at, ANSWER_TEXT_AT / 8),
    text: new Uint8Array(shared, at + ANSWER_TEXT_AT, ANSWER_TEXT_BYTES),
  }
}

/** The record of a request. */
export function slotOf(number: number): number {
  return number & (RECORDS - 1)
}

/** The index of its claim in `recordWords`. */
export function claimIndexOf(number: number): number {
  return slotOf(number) * RECORD_WORDS + RECORD_CLAIM
}

/** Whether request `a` is `b` or came later, with numbers that wrap. */
export function reached(a: number, b: number): boolean {
  return ((a - b) | 0) >= 0
}

// ---- Messages.

/** To the worker: begins a session. */
export interface StartMessage {
  readonly type: 'start'
  readonly version: number
  readonly shared: SharedArrayBuffer
  readonly options: IoStoreOptions
  /**
   * A Web Lock that the program holds as long as it lives; the worker ends itself when it gets it. Undefined
   * if the browser ends the worker with the program, which made it.
   */
  readonly programLock: string | undefined
}

/** To the worker, followed by an OP_MEMORY whose AT is the id. */
export interface MemoryMessage {
  readonly type: 'memory'
  readonly id: number
  readonly memory: WebAssembly.Memory
}

/** To the worker, from the page that made it: the program is at the other end of this port. */
export interface ConnectMessage {
  readonly type: 'connect'
  readonly port: MessagePort
}

export type ToWorker = StartMessage | MemoryMessage | ConnectMessage

/** From the worker: it runs, and has begun to open the store. */
export interface StartedMessage {
  readonly type: 'started'
  readonly version: number
}

/** From the worker: the store is open, and requests are served. */
export interface ReadyMessage {
  readonly type: 'ready'
  /** The tree's facts as JSON, which for so many at once the browser's own code is best at. */
  readonly facts: string
}

/** From the worker: the session is over, after CLOSE. It holds nothing and can be started again. */
export interface EndedMessage {
  readonly type: 'ended'
}

/** From the worker: it could not open the store, and holds nothing. `text` as error-codec.ts encodes it. */
export interface RefusedMessage {
  readonly type: 'refused'
  readonly errno: number
  readonly text: string
}

export type FromWorker = StartedMessage | ReadyMessage | RefusedMessage | EndedMessage
