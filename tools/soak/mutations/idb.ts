// Ways to break idb's store on purpose, by the rules of docs/durability.md that each breaks, and the tests that
// must notice: those of its log in Node, the others in Chromium.

import { edit, type Edit, type Mutation } from './mutation.ts'

const SOURCES = 'packages/vfs-idb/src'
const LOG = `${SOURCES}/log.test.ts`
const CODEC = `${SOURCES}/codec.test.ts`
const CATALOGUE = `${SOURCES}/catalogue.test.ts`
const IMAGE = `${SOURCES}/image.test.ts`

const log = (from: string, to: string): Edit => edit(`${SOURCES}/log.ts`, from, to)
const codec = (from: string, to: string): Edit => edit(`${SOURCES}/codec.ts`, from, to)
const session = (from: string, to: string): Edit => edit(`${SOURCES}/session.ts`, from, to)
const catalogue = (from: string, to: string): Edit => edit(`${SOURCES}/catalogue.ts`, from, to)
const image = (from: string, to: string): Edit => edit(`${SOURCES}/image.ts`, from, to)
const metadata = (from: string, to: string): Edit => edit(`${SOURCES}/metadata.ts`, from, to)
const content = (from: string, to: string): Edit => edit(`${SOURCES}/content.ts`, from, to)
const load = (from: string, to: string): Edit => edit(`${SOURCES}/load.ts`, from, to)

function inNode(rule: number, what: string, test: string, ...edits: Edit[]): Mutation {
  return { rule, what: `idb: ${what}`, edits, test }
}

function inChromium(
  rule: number,
  what: string,
  suite: string,
  named: string,
  edits: Edit,
): Mutation {
  const test = `packages/vfs-idb/test/${suite}.browser.test.ts`
  return { rule, what: `idb: ${what}`, edits: [edits], test, named, project: 'chromium' }
}

export const IDB: readonly Mutation[] = [
  // ---- A sync is whole or absent.
  inNode(
    6,
    'a sync without its last record counts',
    LOG,
    log('return records.at(-1)!.last ? undefined : records.length', 'return undefined'),
  ),
  inNode(
    6,
    'a sync without its first record counts',
    LOG,
    log('if (part !== at) return at\n', '\n'),
  ),
  inNode(
    6,
    'a record that is missing in an older sync is passed over',
    LOG,
    log('if (end < found.length) throw damaged(`commit ${begin + missing} is missing`)', ''),
  ),
  inNode(
    6,
    'an older sync that is missing is passed over',
    LOG,
    log(
      'if (begin > next) throw damaged(`commit ${next} is missing`)',
      'if (begin > next) next = begin',
    ),
  ),
  inNode(
    6,
    'the records of a sync are not numbered',
    LOG,
    codec('encodePart(sequence + part, part,', 'encodePart(sequence + part, 0,'),
  ),
  inNode(
    6,
    'every record is marked as the last of its sync',
    LOG,
    codec('part === parts.length - 1', 'true'),
  ),
  inNode(
    6,
    'the checksum of a record does not cover its part',
    LOG,
    codec('sequence, part, last ? 1 : 0, checksumOf', 'sequence, last ? 1 : 0, checksumOf'),
  ),
  inChromium(
    6,
    'what is left of a sync that was undone stays in the log',
    'damage',
    'is undone if it lacks',
    metadata('transaction.objectStore(LOG).delete(IDBKeyRange.lowerBound(this.#sequence))', ''),
  ),
  // ---- A close is as good as a crash.
  inNode(
    6,
    'a log that ends before the end that a close has noted is taken as it is',
    LOG,
    session('if (next < end || isUnfinished)', 'if (isUnfinished)'),
  ),
  inNode(
    6,
    'the mark of a session has no checksum',
    LOG,
    session(' || sum !== checksumOf(NOTHING, end)', ''),
  ),
  inChromium(
    6,
    'a close does not note where the log ends',
    'damage',
    'a store that was closed',
    metadata(
      "if (session === 'closed') markClosed(transaction, this.#sequence)\n        else if",
      'if',
    ),
  ),
  inChromium(
    6,
    'a session does not note that it writes after a close',
    'damage',
    'a store that was closed|is undone',
    metadata('else if (!this.#isMarked) markOpen(transaction)', ''),
  ),
  // ---- Each kind of fact that the log and the head hold.
  inNode(
    1,
    'a chunk has the bytes of another',
    CODEC,
    codec('bytes.slice(at, end)', 'bytes.slice(0, end - at)'),
  ),
  inNode(
    1,
    'a chunk that has become zeros comes back',
    CODEC,
    codec("const type = letter === HOLE ? 'hole' : 'cut'", "const type = 'cut'"),
  ),
  inNode(
    1,
    'what was cut off comes back',
    IMAGE,
    image(
      "if (type === 'cut') this.#forget(ino, (each) => each >= index)",
      "if (type === 'cut') continue",
    ),
  ),
  inNode(
    1,
    'a head keeps the inodes that were dropped',
    CATALOGUE,
    catalogue('this.#inodes.delete(fact.ino)', ''),
  ),
  inNode(
    1,
    'a head keeps the names that were removed',
    CATALOGUE,
    catalogue('this.#entries.delete(entryKey(fact.parent, fact.name))', ''),
  ),
  inNode(
    1,
    'a head forgets which inode number comes next',
    CATALOGUE,
    catalogue('this.#nextIno = fact.ino', ''),
  ),
  inNode(
    1,
    'a head has a name where it was before it was made again',
    CATALOGUE,
    catalogue('        this.#entries.delete(key)\n', ''),
  ),
  inNode(
    1,
    'a head has the inodes of before its batch',
    CATALOGUE,
    catalogue('for (const fact of facts) next.apply(fact)', ''),
  ),
  inChromium(
    1,
    'a segment is not compared with its checksum',
    'damage',
    'segment',
    load('if (!whole || sum !== checksumOf(bytes, id))', 'if (!whole)'),
  ),
  inChromium(
    1,
    'writes during a sync are in its transaction',
    'atomic',
    'is the state at its start',
    content(
      "if (!isZero(bytes)) return { type: 'chunk', ino, index, bytes }\n    this.#chunks.takeBack(bytes)",
      "this.#chunks.takeBack(bytes)\n    if (!isZero(bytes)) return { type: 'chunk', ino, index, bytes }",
    ),
  ),
  // ---- Wrong contents with a right checksum.
  inNode(
    6,
    'a place that two chunks have is given to one of them',
    CODEC,
    image('if (places !== live) throw damaged(`segment ${id} has a place for two chunks`)', ''),
  ),
  inNode(
    6,
    'a chunk that has two places has one of them',
    CODEC,
    image('if (known !== live) throw damaged(`${live - known} chunks have two places`)', ''),
  ),
  inNode(
    6,
    'a commit that speaks of less content than it has is believed',
    CODEC,
    codec('if (at !== bytes.length) {', 'if (at > bytes.length) {'),
  ),
  // ---- Waits.
  inChromium(
    12,
    'a connection that comes after the deadline stays open',
    'failures',
    'an opening without an answer',
    edit(`${SOURCES}/connection.ts`, 'if (given) request.result.close()', 'if (given) return'),
  ),
]
