// Ways to break each rule of docs/durability.md on purpose, and the tests that must notice. Each replaces
// a piece of source that occurs exactly once, so a change of that source shows here.

import { HAND_DOWN } from './hand-down.ts'
import { edit, type Edit, type Mutation } from './mutation.ts'
import { IDB } from './idb.ts'
import { JUDGE } from './judge.ts'
import { OPFS_WORKER_CHANNEL } from './opfs-worker-channel.ts'
import { OPFS_WORKER } from './opfs-worker.ts'
import { PGLITE } from './pglite.ts'

const AHP = 'packages/vfs-opfs-ahp/src'
const CORE = 'packages/vfs-core/src'
const TESTS = 'packages/vfs-opfs-ahp/test/crash'
const CRASH = `${TESTS}/crash.test.ts`
const REGRESSIONS = `${TESTS}/regressions.test.ts`
const OWNERSHIP = `${CORE}/storage/ownership.test.ts`
const CLOSING = 'packages/vfs-core/test/storage/log-closing.test.ts'
const LOG = `${CORE}/storage/two-slot-log.test.ts`
const FAULTS = `${TESTS}/faults.test.ts`
const SPACE = `${AHP}/pool/space.test.ts`
const POOL = `${AHP}/pool/pool.test.ts`
const DAMAGE = 'packages/vfs-opfs-ahp/test/damage.test.ts'
const DEADLINES = 'packages/vfs-opfs-ahp/test/deadlines.test.ts'

const content = (from: string, to: string): Edit => edit(`${AHP}/pool/content.ts`, from, to)
const space = (from: string, to: string): Edit => edit(`${AHP}/pool/region-space.ts`, from, to)
const order = (from: string, to: string): Edit => edit(`${AHP}/pool/flush-order.ts`, from, to)
const storage = (from: string, to: string): Edit => edit(`${AHP}/storage/storage-file.ts`, from, to)
const log = (from: string, to: string): Edit => edit(`${CORE}/storage/two-slot-log.ts`, from, to)
const lines = (from: string, to: string): Edit => edit(`${CORE}/storage/chained-lines.ts`, from, to)
const slots = (from: string, to: string): Edit => edit(`${CORE}/storage/slot-contents.ts`, from, to)
const openTime = (from: string, to: string): Edit => edit(`${CORE}/storage/open-time.ts`, from, to)
const engine = (from: string, to: string): Edit => edit(`${CORE}/engine/inode-fs.ts`, from, to)

export const MUTATIONS: readonly Mutation[] = [
  {
    rule: 1,
    what: 'an fsync commits no metadata',
    edits: [engine("if (this.#journal.concerns(ino)) this.#journal.commit('acknowledged')", '')],
    test: CRASH,
    named: 'each operation and sync, and pairs',
  },
  {
    rule: 1,
    what: 'an fsync flushes no bytes',
    edits: [content('    else file.storage.flush()\n', '')],
    test: CRASH,
    named: 'each operation and sync, and pairs',
  },
  {
    rule: 1,
    what: 'an fsync hands no bytes down',
    edits: [
      content('    this.#buffer.writeBack(file)\n    if (this.#level', '    if (this.#level'),
    ],
    test: CRASH,
    named: 'each operation and sync, and pairs',
  },
  {
    rule: 1,
    what: 'an fsync does not cover a name that a rename has taken away',
    edits: [
      edit(
        `${CORE}/engine/journal.ts`,
        '    if (replaced !== undefined) this.#concerned.add(replaced.ino)\n',
        '',
      ),
    ],
    test: REGRESSIONS,
    named: 'an fsync covers a name',
  },
  {
    rule: 2,
    what: 'a file that moved is not flushed before the batch that says so',
    edits: [content('    // before that.\n    to.file.flushBeforeCommit = true\n', '')],
    test: CRASH,
    named: 'short sequences with syncs between',
  },
  {
    rule: 2,
    what: 'a file renamed over a name is not flushed before the batch that says so',
    edits: [content('if (file !== undefined && !file.clean) file.flushBeforeCommit = true', '')],
    test: CRASH,
    named: 'files replaced by rename',
  },
  {
    rule: 3,
    what: 'a freed region is not zeroed',
    edits: [space('this.#buffer.writeZeros(region, 0, region.written)', '')],
    test: CRASH,
    named: 'enough is freed to be cleaned',
  },
  {
    rule: 3,
    what: 'the zeros of a freed region are not flushed before it is taken',
    edits: [space('for (const file of touched) this.#buffer.flush(file)', '')],
    test: CRASH,
    named: 'enough is freed to be cleaned',
  },
  {
    rule: 3,
    what: 'a region is emptied before the batch that frees it is on storage',
    edits: [
      space('    this.#order.flushAll()\n    this.#log.sync()\n    const stale', '    const stale'),
    ],
    test: CRASH,
    named: 'more large files than spares|enough is freed to be cleaned',
  },
  {
    rule: 3,
    what: 'growing over old bytes writes no zeros',
    edits: [
      content(
        '    this.#buffer.writeZeros(region, from, to)\n    // Old pages',
        '    // Old pages',
      ),
    ],
    test: CRASH,
    named: 'files that shrink and grow',
  },
  {
    rule: 3,
    what: 'zeros over old bytes are not flushed before the size that shows them',
    edits: [
      content(
        'must be on storage before the new size is.\n    region.file.flushBeforeCommit = true',
        '',
      ),
    ],
    test: REGRESSIONS,
  },
  {
    rule: 3,
    what: 'bytes over old ones are not flushed before the size that shows them',
    edits: [
      content('if (end > size && region.written > size) region.file.flushBeforeCommit = true', ''),
    ],
    test: REGRESSIONS,
  },
  {
    rule: 3,
    what: 'a clean close after a crash leaves what the crash left',
    edits: [content('if (!this.#closed) this.#space.removeLeftovers(this.#regions.values())', '')],
    test: CRASH,
    named: 'each operation and sync, and pairs',
  },
  {
    rule: 3,
    what: 'a close after a crash zeroes the end of a file before its cut is on storage',
    edits: [
      space('    this.#order.flushAll()\n    this.#log.sync()\n    for (const', '    for (const'),
    ],
    test: CRASH,
    named: 'crashes while closing after a crash',
  },
  {
    rule: 3,
    what: 'what a dead session left in a free slot shows in the file that takes it',
    edits: [space('if (slot.suspect) this.#zeroWhereNeeded(region, 0, capacity)', '')],
    test: CRASH,
    named: 'each operation and sync, and pairs',
  },
  {
    rule: 3,
    what: 'a clean close does not say which free space is not zero',
    edits: [content('this.#log.leaveStale(this.#space.abandon())', 'void this.#space.abandon()')],
    test: CRASH,
    named: 'each operation and sync, and pairs|space freed and taken again',
  },
  {
    rule: 3,
    what: 'what a dead session left behind a file shows when its place is enlarged',
    edits: [space('if (added.suspect) this.#zeroWhereNeeded(region, capacity, wanted)', '')],
    test: CRASH,
    named: 'files that move|short sequences with syncs between|longer sequences of everything',
  },
  {
    rule: 4,
    what: 'a pool file whose name has not settled is taken',
    edits: [
      edit(
        `${AHP}/pool/pool.ts`,
        'const settled = this.#options.age() - oldest.born >= SETTLING_MS',
        'const settled = true',
      ),
    ],
    test: CRASH,
    named: 'more large files than spares',
  },
  {
    rule: 4,
    what: 'the age of a store goes by the system clock',
    edits: [
      openTime('this.#startedAt = performance.now()', 'this.#startedAt = Date.now()'),
      openTime('Math.floor(performance.now() -', 'Math.floor(Date.now() -'),
    ],
    test: LOG,
    named: 'the age of a store',
  },
  {
    rule: 4,
    what: 'the age of a store begins again with each session',
    edits: [openTime('this.#before = before', 'this.#before = 0')],
    test: LOG,
    named: 'the age of a store',
  },
  {
    rule: 4,
    what: 'no line but the first of a session records the age',
    edits: [log('append(content, this.#openTime.recordDue)', 'append(content, false)')],
    test: LOG,
    named: 'the age of a store',
  },
  {
    rule: 5,
    what: 'an open after a crash flushes no pool file',
    edits: [
      edit(
        `${AHP}/open.ts`,
        'if (!closed) for (const file of pool.files) file.storage.flushAlways()',
        '',
      ),
    ],
    test: CRASH,
    named: 'space freed and taken again|crashes while reopening',
  },
  {
    rule: 5,
    what: 'an open after a crash cuts free space before the log is flushed',
    edits: [
      edit(
        `${AHP}/open.ts`,
        '  log.begin()\n  emptyLeftovers(pool, closed)\n',
        '  emptyLeftovers(pool, closed)\n  log.begin()\n',
      ),
    ],
    test: CRASH,
    named: 'crashes while reopening',
  },
  {
    rule: 6,
    what: 'a commit is not flushed',
    edits: [
      edit(
        `${AHP}/log/state-log.ts`,
        "if (this.#level.current === 'strict') this.flush()",
        "if (this.#level.current === 'strict') return",
      ),
    ],
    test: CRASH,
    named: 'each operation and sync, and pairs',
  },
  {
    rule: 6,
    what: 'an image is not flushed',
    edits: [
      log('      file.write(image, 0)\n      file.flush()\n', '      file.write(image, 0)\n'),
    ],
    test: CRASH,
    named: 'checkpoints of the state log',
  },
  {
    rule: 6,
    what: 'an image is written over the slot in use',
    edits: [
      log(
        'this.#writeImage(otherSlot(this.#active), image)',
        'this.#writeImage(this.#active, image)',
      ),
    ],
    test: CRASH,
    named: 'checkpoints of the state log',
  },
  {
    rule: 6,
    what: 'checksums are not chained',
    edits: [
      lines(
        'const sum = crc32(utf8.encode(rest), previous)',
        'const sum = crc32(utf8.encode(rest), previous * 0)',
      ),
      lines('const sum = crc32(rest, previous)', 'const sum = crc32(rest, previous * 0)'),
    ],
    test: `${CORE}/storage/chained-lines.test.ts`,
  },
  {
    rule: 6,
    what: 'damage in the older slot counts',
    edits: [
      log('if (slot.damage !== undefined && counts) throw', 'if (slot.damage !== undefined) throw'),
    ],
    test: `${TESTS}/slots.test.ts`,
  },
  {
    rule: 17,
    what: 'a closed log whose end has been cut away is taken for a torn one',
    edits: [slots('(reachesMark ? undefined : shortOfMark(slot, header, seq))', 'undefined')],
    test: CLOSING,
    named: 'whose end is cut away anywhere is EIO',
  },
  {
    rule: 17,
    what: 'the mark of a close is written before the log is on storage',
    edits: [
      log(
        '        this.flush()\n        this.#mark()\n',
        '        this.#mark()\n        this.flush()\n',
      ),
    ],
    test: CLOSING,
    named: 'opens after any crash',
  },
  {
    rule: 17,
    what: 'a closing line that may not be on storage is believed',
    edits: [log('const closed = slot.closed && mark?.seq === slot.seq', 'const { closed } = slot')],
    test: CLOSING,
    named: 'needs its mark for no more than that',
  },
  {
    rule: 17,
    what: 'the mark of a close is not flushed',
    edits: [
      log(
        'other.write(encodeMark(mark, this.#format), 0)\n      other.flush()\n',
        'other.write(encodeMark(mark, this.#format), 0)\n',
      ),
    ],
    test: CLOSING,
    named: 'is known to be closed after a power cut',
  },
  {
    rule: 17,
    what: 'an image that has rotted is taken for one that was never finished',
    edits: [log('slots.some((slot) => generationOf(slot) > 1)', 'slots.length === 0')],
    test: CLOSING,
    named: 'an image of which a byte',
  },
  {
    rule: 6,
    what: 'a line with a right checksum and a wrong number is taken for a torn one',
    edits: [
      slots(
        'const frame = checkFrame(body, path, seq + 1)',
        'if ((body as { seq?: unknown }).seq !== seq + 1) break\n      const frame = body as LineFrame',
      ),
    ],
    test: `${CORE}/storage/chained-lines.test.ts`,
    named: 'that no log has written',
  },
  {
    rule: 15,
    what: 'an access handle is waited for without end',
    edits: [
      edit(
        `${CORE}/storage/access-handle.ts`,
        'return await withDeadline(handle, {',
        'return await handle\n  void ({',
      ),
    ],
    test: DEADLINES,
    named: 'an open does not wait for',
  },
  {
    rule: 15,
    what: 'the name of a file is waited for without end',
    edits: [
      storage(
        'withDeadline(directory.getFileHandle(name, { create }), deadline)',
        'directory.getFileHandle(name, { create })',
      ),
    ],
    test: DEADLINES,
    named: 'an open does not wait for',
  },
  {
    rule: 15,
    what: 'a lock that comes after the deadline is kept',
    edits: [
      edit(
        `${CORE}/storage/ownership.ts`,
        'call, path: lockName, late: giveBack })',
        'call, path: lockName })',
      ),
    ],
    test: OWNERSHIP,
    named: 'is an error after the deadline, and a lock',
  },
  {
    rule: 15,
    what: 'a lock that comes after the signal has aborted is kept',
    edits: [edit(`${CORE}/storage/ownership.ts`, '      giveBack()\n', '')],
    test: OWNERSHIP,
    named: 'is waited for until the signal aborts',
  },
  {
    rule: 15,
    what: 'a lock is waited for without end',
    edits: [
      edit(
        `${CORE}/storage/ownership.ts`,
        'if (wait === true) return await taken',
        'if (wait === true || wait === false) return await taken',
      ),
    ],
    test: OWNERSHIP,
    named: 'is an error after the deadline, and a lock',
  },
  {
    rule: 6,
    what: 'directories on a cycle are taken over',
    edits: [edit(`${CORE}/engine/inode.ts`, '    checkReachable(inodes, root)\n', '')],
    test: `${CORE}/engine/tree-builder.test.ts`,
    named: 'a cycle of directories',
  },
  {
    rule: 7,
    what: 'a relaxed fsync puts nothing off for what was handed down while the store was strict',
    edits: [
      edit(
        `${AHP}/log/state-log.ts`,
        '    else this.#order.deferLog(this)\n',
        '    else void this.#order\n',
      ),
    ],
    test: REGRESSIONS,
    named: 'a link of a strict store',
  },
  {
    rule: 7,
    what: 'later bytes of another file do not wait for the fsync before them',
    edits: [
      order(
        '      if (!goesForward) {\n        this.flushAll()\n',
        '      if (!goesForward) {\n        if (other === file) this.flushAll()\n',
      ),
    ],
    test: CRASH,
    named: 'a log in a pool file of its own',
  },
  {
    rule: 7,
    what: 'later bytes do not wait for the batch before them',
    edits: [order('if (this.#log !== undefined) this.flushAll()\n    for', 'for')],
    test: CRASH,
    named: 'space freed and taken again|short sequences with syncs between',
  },
  {
    rule: 7,
    what: 'a step back in the same file does not wait',
    edits: [order(' && at >= mark', ' && mark >= 0 && at >= 0')],
    test: CRASH,
    named: 'a log in a pool file of its own',
  },
  {
    rule: 7,
    what: 'a batch does not wait for the fsyncs before it',
    edits: [
      order(
        'if (this.#deferred.size > 0) this.flushAll()',
        'if (this.#deferred.size < 0) this.flushAll()',
      ),
    ],
    test: CRASH,
    named: 'longer sequences of everything|checkpoints of the state log',
  },
  {
    rule: 7,
    what: 'no timer ends the window',
    edits: [
      order(
        'this.#timer = setTimeout(() => this.#onTimer(), this.#windowMs)',
        'void this.#onTimer',
      ),
    ],
    test: CRASH,
    named: 'a log in a pool file of its own',
  },
  {
    rule: 7,
    what: 'nothing looks at the clock',
    edits: [
      order(
        'if (this.#pending && performance.now() >= this.#deadline) this.flushAll()',
        'void this.#deadline',
      ),
    ],
    test: CRASH,
    named: 'a log in a pool file of its own',
  },
  {
    rule: 8,
    what: 'a failed flush is forgotten',
    edits: [storage('if (this.#failed === undefined) return', 'if (this.#failed !== null) return')],
    test: FAULTS,
    named: 'short',
  },
  {
    rule: 9,
    what: 'growth is not reserved',
    edits: [edit(`${AHP}/pool/pool-file.ts`, 'if (end <= size) return', 'if (end > -1) return')],
    test: `${TESTS}/space.test.ts`,
  },
  {
    rule: 10,
    what: 'pieces of a long write end within sectors',
    edits: [content('ZERO_PIECE - ((at + done) % ZERO_PIECE)', 'ZERO_PIECE')],
    test: REGRESSIONS,
    named: 'a long write across',
  },
  {
    rule: 10,
    what: 'a header of 100 bytes shifts the content of pool files',
    edits: [
      storage(
        'export class StorageFile {',
        "const headerOf = (path: string): number => (path.startsWith('data/') ? 100 : 0)\nexport class StorageFile {",
      ),
      storage(
        'this.#size = handle.getSize()',
        'this.#size = Math.max(0, handle.getSize() - headerOf(path))',
      ),
      storage(
        'this.#handle.read(into, { at })',
        'this.#handle.read(into, { at: at + headerOf(this.path) })',
      ),
      storage(
        'this.#handle.write(from, { at })',
        'this.#handle.write(from, { at: at + headerOf(this.path) })',
      ),
      storage('this.#handle.truncate(size)', 'this.#handle.truncate(size + headerOf(this.path))'),
    ],
    test: CRASH,
    named: 'each operation and sync, and pairs',
  },
  {
    rule: 11,
    what: 'each write that grows a file commits, in the first load too',
    edits: [
      engine(
        '      inode.size = end\n      this.#journal.inodeChanged(inode)\n',
        '      inode.size = end\n      this.#journal.inodeChanged(inode)\n      this.#journal.commit("handed down")\n',
      ),
    ],
    test: CRASH,
    named: 'a new store|each operation and sync, and pairs',
  },
  {
    rule: 12,
    what: 'a failed write leaves the new size',
    edits: [
      engine(
        'this.#content.write(ino, from, at, inode.size)\n    } catch (error) {\n',
        'this.#content.write(ino, from, at, inode.size)\n    } catch (error) {\n      inode.size = Math.max(inode.size, end)\n',
      ),
    ],
    test: FAULTS,
    named: 'long|moves',
  },
  {
    rule: 12,
    what: 'a failed batch is forgotten',
    edits: [
      edit(
        `${CORE}/engine/journal.ts`,
        "      this.#giveBack(batch)\n      throw error\n    }\n    if (until === 'acknowledged')",
        "      throw error\n    }\n    if (until === 'acknowledged')",
      ),
    ],
    test: FAULTS,
    named: 'short',
  },
  {
    rule: 12,
    what: 'a change of names that fails leaves new times',
    edits: [
      edit(
        `${CORE}/engine/hand-down.ts`,
        '      for (const [index, inode] of concerns.entries()) Object.assign(inode, times[index])\n',
        '',
      ),
    ],
    test: FAULTS,
    named: 'short',
  },
  ...HAND_DOWN,
  {
    rule: 16,
    what: 'space that waits to be cleaned counts by what was written to it',
    edits: [space(': region.capacity\n', ': region.written\n')],
    test: SPACE,
    named: 'sparse files that come and go',
  },
  {
    rule: 16,
    what: 'a place that no batch has named waits to be cleaned',
    edits: [space('else this.#reuse(region)', 'else this.#addStale(region)')],
    test: SPACE,
    named: 'a place that no batch has named',
  },
  {
    rule: 16,
    what: 'a place that no batch has named is given away with what was written to it',
    edits: [space('suspect: region.written > 0', 'suspect: false')],
    test: SPACE,
    named: 'a place that no batch has named',
  },
  {
    rule: 16,
    what: 'a full disk is spoken of before anything is cleaned',
    edits: [content('      makeRoom()\n', '')],
    test: SPACE,
    named: 'a full disk has room',
  },
  {
    rule: 16,
    what: 'a sync leaves the pack as long as it is',
    edits: [content("    this.#shortenPack('synced')\n", '')],
    test: 'packages/vfs-opfs-ahp/test/space-bounds.test.ts',
  },
  {
    rule: 16,
    what: 'a close leaves the pack as long as it is',
    edits: [content("    this.#shortenPack('closed')\n", '')],
    test: 'packages/vfs-opfs-ahp/test/space-bounds.test.ts',
  },
  {
    rule: 4,
    what: 'any spare is taken',
    edits: [
      edit(
        `${AHP}/pool/pool.ts`,
        'if (oldest.born !== FIRST_BORN && !settled) return undefined',
        'void settled',
      ),
    ],
    test: POOL,
    named: 'no committed fact names',
  },
  {
    rule: 4,
    what: 'a spare that cannot be made rejects',
    edits: [
      edit(
        `${AHP}/pool/pool.ts`,
        'if (!(result.reason instanceof VfsError)) throw result.reason\n      this.#retryAt',
        'throw result.reason\n      this.#retryAt',
      ),
    ],
    test: POOL,
    named: 'spares that cannot be made',
  },
  {
    rule: 13,
    what: 'opfs-ahp: dirty bytes stay in the tab',
    edits: [content('for (const file of this.#pool.files) this.#buffer.writeBack(file)\n', '')],
    test: `${AHP}/pool/content.test.ts`,
    named: 'what was overwritten',
  },
  {
    rule: 13,
    what: 'a long overwrite is gathered whole',
    edits: [
      edit(
        `${AHP}/pool/write-buffer.ts`,
        'from.subarray(done, done + CHUNK_SIZE - (position % CHUNK_SIZE))',
        'from.subarray(done)',
      ),
    ],
    test: `${AHP}/pool/content.test.ts`,
    named: 'a long overwrite',
  },
  {
    rule: 6,
    what: 'a place for an inode that does not exist is taken for one',
    edits: [edit(`${AHP}/pool/placement.ts`, '  checkFacts(replayed)\n', '')],
    test: DAMAGE,
  },
  {
    rule: 6,
    what: 'numbers of places are not looked at',
    edits: [edit(`${AHP}/log/fact-codec.ts`, 'if (!fits) throw fields.malformed()', 'void fits')],
    test: DAMAGE,
  },
  ...OPFS_WORKER,
  ...OPFS_WORKER_CHANNEL,
  ...JUDGE,
  ...IDB,
  ...PGLITE,
]
