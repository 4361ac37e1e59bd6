// Ways to break the channel between the program and opfs-worker's I/O worker on purpose, by the rules of
// docs/durability.md that each breaks, and the tests that must notice.

import { edit, type Edit, type Mutation } from './mutation.ts'

const SOURCES = 'packages/vfs-opfs-worker/src'
const FAILURES = 'packages/vfs-opfs-worker/test/channel-failures.test.ts'
const DEADLINE = 'packages/vfs-opfs-worker/test/channel-deadline.test.ts'
const ORDER = 'packages/vfs-opfs-worker/src/io/flush-order.test.ts'

const loop = (from: string, to: string): Edit =>
  edit(`${SOURCES}/channel/serving-loop.ts`, from, to)
const channel = (from: string, to: string): Edit => edit(`${SOURCES}/client/channel.ts`, from, to)
const content = (from: string, to: string): Edit => edit(`${SOURCES}/client/content.ts`, from, to)

function mutation(rule: number, what: string, test: string, ...edits: Edit[]): Mutation {
  return { rule, what: `opfs-worker: ${what}`, edits, test }
}

export const OPFS_WORKER_CHANNEL: readonly Mutation[] = [
  mutation(
    8,
    'a flush that was put off and failed is forgotten with its file',
    ORDER,
    edit(
      `${SOURCES}/io/flush-order.ts`,
      '    if (this.#failure !== undefined) throw this.#failure\n',
      '',
    ),
  ),
  mutation(
    9,
    'growth beyond what is reserved is posted',
    FAILURES,
    content('if (growth === 0 || this.#channel.isReserved(growth)) return', 'return'),
  ),
  mutation(
    13,
    'a removal returns before it is handed down',
    FAILURES,
    edit(
      `${SOURCES}/client/metadata.ts`,
      '    this.#channel.call(this.#commitRequest(this.#takeHeld(), false))\n',
      '',
    ),
  ),
  mutation(
    13,
    'nothing is written back when the program is idle',
    FAILURES,
    content('    this.#channel.post({ op: OP_WRITE_BACK })\n', ''),
  ),
  mutation(
    14,
    'a file whose posted write has failed is read',
    FAILURES,
    loop(
      '        failures.checkInode(requests.ino(number))\n        return store.read',
      '        return store.read',
    ),
  ),
  mutation(
    14,
    'writes behind a failed one are carried out',
    FAILURES,
    loop(
      '        failures.checkInode(requests.ino(number))\n        const length',
      '        const length',
    ),
  ),
  mutation(
    14,
    'after a failure a write does not say that it has failed, too',
    FAILURES,
    content('    if (this.#channel.hasFailed) this.#channel.call({ op: OP_CHECK, ino })\n', ''),
  ),
  mutation(
    14,
    "another file's fsync succeeds after a failed write",
    FAILURES,
    loop(
      '        failures.check()\n        return store.fsync',
      '        failures.checkInode(requests.ino(number))\n        return store.fsync',
    ),
  ),
  mutation(
    14,
    'an fsync that has nothing to do succeeds after a failure',
    FAILURES,
    content('!this.#dirty.has(ino) && !this.#channel.hasFailed', '!this.#dirty.has(ino)'),
  ),
  mutation(
    14,
    'an fsync of a directory succeeds after a failure',
    FAILURES,
    edit(
      'packages/vfs-core/src/engine/inode-fs.ts',
      '      else this.#content.checkFailures?.()\n',
      '',
    ),
  ),
  mutation(
    14,
    'a batch is committed after a failure',
    FAILURES,
    loop('    this.#failures.check()\n    const facts', '    const facts'),
  ),
  mutation(
    14,
    'a failed write is forgotten with its file',
    FAILURES,
    loop(
      '        return store.drop(',
      '        this.#failures = new Failures(this.#words)\n        return store.drop(',
    ),
  ),
  mutation(
    14,
    'reading ahead goes on after a failure',
    FAILURES,
    edit(`${SOURCES}/client/read-ahead.ts`, '    if (this.#channel.hasFailed) return false\n', ''),
  ),
  mutation(
    14,
    'a close succeeds after a flush that was put off has failed',
    FAILURES,
    loop(
      'this.#failures.first === undefined)\n    this.#failures.check()\n',
      'this.#failures.first === undefined)\n',
    ),
  ),
  mutation(
    14,
    'a close after a failure marks the store clean',
    FAILURES,
    loop('clean && this.#failures.first === undefined', 'clean'),
  ),
  mutation(
    14,
    'a write-back that can be done again counts as a failed write',
    FAILURES,
    loop('else if (op !== OP_WRITE_BACK || !(error instanceof VfsError))', 'else'),
  ),
  mutation(
    15,
    'a cancelled request is carried out',
    DEADLINE,
    loop('    if (!this.#requests.claim(number)) return this.#abandon()\n', ''),
  ),
  mutation(
    15,
    'a write joins one that was cancelled',
    DEADLINE,
    loop(' || !requests.claim(next)', ''),
  ),
  mutation(
    15,
    'nothing is cancelled when a deadline passes',
    DEADLINE,
    channel('for (let number = this.#posted; !reached', 'for (let number = done; !reached'),
  ),
  mutation(
    15,
    "nobody is told that a late request works on the program's memory",
    DEADLINE,
    channel('this.#isOnMemory(number) ?', 'false ?'),
  ),
  mutation(
    15,
    'calls that need no worker go on after its death',
    DEADLINE,
    edit(`${SOURCES}/client/mount.ts`, '    checkAlive: () => channel.checkAlive(),\n', ''),
  ),
]
