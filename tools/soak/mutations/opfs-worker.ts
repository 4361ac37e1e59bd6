// Ways to break opfs-worker's store on purpose, by the rules of docs/durability.md that each breaks, and
// the tests that must notice. See docs/opfs-worker.md for what its parts are.

import { edit, type Edit, type Mutation } from './mutation.ts'

const IO = 'packages/vfs-opfs-worker/src/io'
const TESTS = 'packages/vfs-opfs-worker/test/io'
const CRASH = 'packages/vfs-opfs-worker/test/crash/crash.test.ts'
const REGRESSIONS = 'packages/vfs-opfs-worker/test/crash/regressions.test.ts'
const LANDING = `${TESTS}/landing.test.ts`
const RELAXED = `${TESTS}/relaxed.test.ts`
const FAULTS = 'packages/vfs-opfs-worker/test/crash/faults.test.ts'
const HANDLES = `${TESTS}/handles.test.ts`
const HAND_DOWN = `${TESTS}/hand-down.test.ts`
const DAMAGE = `${TESTS}/damage.test.ts`
const MISSING = `${TESTS}/missing.test.ts`
const SPACE_BOUNDS = 'packages/vfs-opfs-worker/test/space-bounds.test.ts'
const DEADLINES = `${TESTS}/deadlines.test.ts`

const committer = (from: string, to: string): Edit => edit(`${IO}/committer.ts`, from, to)
const landing = (from: string, to: string): Edit => edit(`${IO}/landing.ts`, from, to)
const journal = (from: string, to: string): Edit => edit(`${IO}/journal.ts`, from, to)
const resident = (from: string, to: string): Edit => edit(`${IO}/resident-content.ts`, from, to)
const store = (from: string, to: string): Edit => edit(`${IO}/store.ts`, from, to)

function mutation(rule: number, what: string, test: string, ...edits: Edit[]): Mutation {
  return { rule, what: `opfs-worker: ${what}`, edits, test }
}

/** A batch whose facts are logged as `facts` says instead; one family of workloads notices. */
function logged(what: string, facts: string, family: string): Mutation {
  const line = edit(
    `${IO}/sidecar.ts`,
    'this.append({ facts: facts.map(encodeFact), ...notes })',
    `this.append({ facts: ${facts}, ...notes })`,
  )
  return { ...mutation(6, what, CRASH, line), named: family }
}

function inodesLoggedWith(change: string): string {
  return `facts.map((fact) => encodeFact(fact.type === 'inode' ? { ...fact, ${change} } : fact))`
}

function factsLoggedWithout(type: string): string {
  return `facts.filter((fact) => fact.type !== '${type}').map(encodeFact)`
}

export const OPFS_WORKER: readonly Mutation[] = [
  mutation(
    9,
    'files that are removed keep their space in OPFS, however much that is, until there is time',
    SPACE_BOUNDS,
    landing('journal.bytes + this.#committer.droppedBytes >', 'journal.bytes >'),
  ),
  mutation(
    2,
    'frames of a batch that was lost count for the next inode of that number',
    REGRESSIONS,
    edit(
      `${IO}/restore.ts`,
      'sidecar.found({ voided: [...unknown], frames: frames.length })',
      'sidecar.found({ voided: [...unknown], frames: 0 })',
    ),
  ),
  {
    ...mutation(
      2,
      'a file that was half made and removed may be back in the place of the one that is made next',
      CRASH,
      edit(`${IO}/load.ts`, '...(undone && { undone, vacated })', '...(undone && { undone })'),
      edit(`${IO}/load.ts`, 'applied.left(vacated)', ''),
    ),
    named: 'a first load',
  },
  mutation(
    1,
    'an open takes what it has changed for what it was',
    CRASH,
    edit(
      `${IO}/load.ts`,
      'return await listedAgain(listing, changed, directories)',
      'return listing',
    ),
  ),
  mutation(
    1,
    'an fsync of a small file journals nothing',
    CRASH,
    store('if (resident.isChanged(ino)) this.#committer.journalChanges()\n', '\n'),
  ),
  mutation(
    1,
    'an fsync of a large file does not flush it',
    CRASH,
    store('if (!this.#mayPutOff) return flusher.flush(file)\n', '\n'),
  ),
  mutation(
    2,
    'frames are not flushed before the lines that rely on them',
    CRASH,
    edit(
      `${IO}/sidecar.ts`,
      'if (!this.#begun) return\n    this.#journal.flush()\n    this.#log.flush()',
      'if (!this.#begun) return\n    this.#log.flush()',
    ),
    committer('this.#parts.journal.flush()\n    if (this.#unflushed)', 'if (this.#unflushed)'),
  ),
  mutation(
    2,
    'a batch that was handed down counts without the frames that it relies on',
    HAND_DOWN,
    edit(`${IO}/sidecar.ts`, '(line.frames ?? 0) > frames)', '(line.frames ?? 0) > 1e9)'),
  ),
  mutation(
    2,
    'a batch that is handed down waits for a flush of the frames',
    HAND_DOWN,
    committer(
      'this.journalChanges()\n      ;({ frames }',
      'this.journalChanges()\n      this.#parts.journal.flush()\n      ;({ frames }',
    ),
  ),
  mutation(
    6,
    'lines that were cut off for want of their frames stay in the log',
    HAND_DOWN,
    edit(
      'packages/vfs-core/src/storage/two-slot-log.ts',
      '    this.#end = last.end\n    this.#sum = last.sum\n    this.#seq = seq - 1\n    return kept',
      '    return kept',
    ),
  ),
  mutation(
    1,
    'what an idle program has written is not handed down',
    REGRESSIONS,
    store(
      'return this.#parts.room.making(() => this.#committer.journalChanges())',
      'return undefined',
    ),
  ),
  mutation(
    2,
    'a large file is not flushed before the batch that names it',
    CRASH,
    committer('for (const file of large) await this.#parts.flusher.flush(file)\n', '\n'),
  ),
  mutation(
    2,
    'content in staging is not flushed before what the journal says of it is void',
    CRASH,
    edit(`${IO}/staging.ts`, 'if (tree.inodes.has(ino)) open.flush()\n', '\n'),
  ),
  mutation(
    2,
    'files are written that no frame says',
    LANDING,
    landing(
      '    this.#committer.journalChanges()\n    this.#committer.flushAll()\n    await access.settle()\n    if (applied',
      '    this.#committer.flushAll()\n    await access.settle()\n    if (applied',
    ),
  ),
  {
    ...mutation(
      2,
      'files are written whose frames are not on storage',
      CRASH,
      landing(
        '    this.#committer.flushAll()\n    await access.settle()\n    if (applied',
        '    await access.settle()\n    if (applied',
      ),
    ),
    named: 'a journal that is soon full|as few handles as may be',
  },
  mutation(
    2,
    'a file that becomes large is written where no frame says what it is to be',
    LANDING,
    landing(
      '      this.#committer.journalChanges()\n      this.#committer.flushAll()\n      await handles',
      '      await handles',
    ),
  ),
  mutation(
    2,
    'files are made that no intent on storage names',
    CRASH,
    landing(
      'sidecar.append({ intent, since: Date.now() })\n    this.#committer.flushLog()\n',
      'sidecar.append({ intent, since: Date.now() })\n',
    ),
  ),
  mutation(
    2,
    'a new file is not flushed before the journal forgets it',
    CRASH,
    landing('        // Before the journal can forget it.\n        open.flush()\n', ''),
  ),
  mutation(
    2,
    'a changed file is not flushed before the journal forgets it',
    LANDING,
    landing('    if (file.isTorn) open.flushAlways()\n    else open.flush()\n', ''),
  ),
  mutation(
    2,
    'the journal is cut before its turn is over on storage',
    CRASH,
    landing(
      'only then the frames may be overwritten.\n    this.#committer.flushLog()\n',
      'only then the frames may be overwritten.\n',
    ),
  ),
  mutation(
    2,
    'a file that has grown in staging since its batch is not noted',
    CRASH,
    committer('const dirty = this.#isOff(file) ? [ino] : []', 'const dirty: Ino[] = []'),
  ),
  mutation(
    2,
    'a file that takes its space itself is not noted',
    CRASH,
    store(
      '      this.#beforeChange(file, open, file.size)\n      this.#restoring(',
      '      this.#restoring(',
    ),
  ),
  mutation(
    2,
    'a file that a session before has moved is written before the log knows that it changes',
    CRASH,
    edit(
      `${IO}/load.ts`,
      'const changed = await changedSizes',
      'for (const file of files.values()) file.hasMoved = false\n  const changed = await changedSizes',
    ),
  ),
  mutation(
    2,
    'a large file is cut before the log knows that it changes',
    CRASH,
    store('if (newSize < file.size) this.#flushDirtyNote(file)\n', '\n'),
  ),
  mutation(
    2,
    'frames come back over a file that memory let go of and that was written in place',
    LANDING,
    store('if (journal.mentions(ino)) {', 'if (journal.mentions(-1)) {'),
  ),
  mutation(
    2,
    'a file that was made with more than was committed is not noted',
    LANDING,
    landing('...(dirty.length > 0 && { dirty })', '...(dirty.length > 1e9 && { dirty })'),
  ),
  mutation(
    3,
    'a small file that grows is not zero between its old end and its new one',
    CRASH,
    resident('if (size > this.size && this.based) this.mark(this.size, size)\n    else {', '{'),
  ),
  mutation(
    4,
    'a file that is to be moved is written before the log knows that it changes',
    LANDING,
    store('applied.away.has(file.ino) || file.hasMoved', 'file.hasMoved'),
  ),
  mutation(
    5,
    'an empty file counts as lost if the line that it was made is',
    LANDING,
    edit(`${IO}/restore.ts`, 'if (applied.unmade.has(ino)) return new Uint8Array(0)\n', '\n'),
  ),
  mutation(
    5,
    'names are put in order for lines of a dead session that are not on storage',
    CRASH,
    edit(`${IO}/open-store.ts`, '  sidecar.flushLoaded()\n', '\n'),
  ),
  mutation(
    5,
    'bytes that a dead session has left in files are not flushed',
    CRASH,
    edit(`${IO}/open-store.ts`, 'await parts.flusher.flushFiles(loaded.unflushed)\n', '\n'),
  ),
  mutation(
    5,
    'frames of a dead session are believed and not flushed',
    CRASH,
    journal('if (frames.length > 0) this.#file.flushAlways()\n', '\n'),
  ),
  mutation(
    5,
    'what a broken-off landing has written is not flushed before the journal forgets it',
    LANDING,
    landing('if (file.isTorn) open.flushAlways()\n    else open.flush()\n', 'open.flush()\n'),
  ),
  mutation(
    5,
    'the cut of growth that was never committed is not noted',
    CRASH,
    edit(
      `${IO}/open-store.ts`,
      '    sidecar.append({ dirty: [file.ino] })\n    sidecar.flush()\n    file.dirtySeq = sidecar.seq\n',
      '',
    ),
  ),
  mutation(
    6,
    'a commit is not flushed',
    CRASH,
    committer('if (this.#unflushed) this.flushLog()\n', '\n'),
  ),
  mutation(
    6,
    'frames of an older turn count',
    CRASH,
    journal(' || view.getFloat64(AT_TURN, true) !== turn', ''),
  ),
  mutation(
    6,
    'checksums of frames are not chained',
    LANDING,
    journal(
      'checksum(bytes.subarray(CHECKED_FROM), this.#checksum)',
      'checksum(bytes.subarray(CHECKED_FROM), 0)',
    ),
    journal(
      'checksum(bytes.subarray(CHECKED_FROM, length), previous)',
      'checksum(bytes.subarray(CHECKED_FROM, length), 0)',
    ),
  ),
  mutation(
    6,
    'what an open has found is not logged',
    CRASH,
    edit(`${IO}/sidecar.ts`, 'this.#begun = true\n    this.#logFound()\n', 'this.#begun = true\n'),
  ),
  mutation(
    7,
    'a batch does not wait for the fsyncs before it',
    CRASH,
    committer('    order.flushAll()\n    const committed', '    const committed'),
  ),
  mutation(
    7,
    'frames do not wait for the fsyncs before them',
    CRASH,
    committer('if (order.hasFiles || this.#unflushed) order.flushAll()\n', '\n'),
  ),
  mutation(
    7,
    'later bytes of another file do not wait for the fsync before them',
    CRASH,
    store('    order.before(file, at)\n', ''),
  ),
  mutation(
    7,
    'nor does a step back in the same file',
    RELAXED,
    edit(`${IO}/flush-order.ts`, 'if (other !== file || at < mark)', 'if (other !== file)'),
  ),
  mutation(
    8,
    'a failed flush is forgotten',
    FAULTS,
    edit(`${IO}/open-file.ts`, '      this.#state.fail(error)\n', ''),
  ),
  mutation(
    9,
    'nothing is given up where there is no space',
    `${TESTS}/space.test.ts`,
    edit(`${IO}/room.ts`, 'await this.#reservation.giveUp(bytes)', 'false'),
  ),
  mutation(
    9,
    'what is given up is not closed',
    `${TESTS}/space.test.ts`,
    edit(`${IO}/reservation.ts`, '    this.letGo()\n    return true', '    return true'),
  ),
  mutation(
    9,
    'a large file does not take its space ahead where space is scarce',
    `${TESTS}/space.test.ts`,
    store('const inItself = reservation.isScarce &&', 'const inItself = false &&'),
  ),
  mutation(
    8,
    'work of which none may be done at a time counts as done',
    HANDLES,
    edit(`${IO}/directories.ts`, 'if (!(parallel >= 1)) throw', 'if (parallel === Infinity) throw'),
  ),
  mutation(
    8,
    'the fewest handles leave none for files',
    HANDLES,
    edit(`${IO}/layout.ts`, 'OWN_HANDLES = 3', 'OWN_HANDLES = 4'),
  ),
  mutation(
    8,
    'a number of handles may be a fraction',
    HANDLES,
    edit(
      'packages/vfs-opfs-worker/src/options.ts',
      'if (Number.isSafeInteger(value) && value',
      'if (Number.isFinite(value) && value',
    ),
  ),
  mutation(
    8,
    'a handle that the browser refuses fails what was acknowledged',
    HANDLES,
    edit(
      `${IO}/stored-file.ts`,
      'if (NO_REFUSALS.has(code) || !this.#degrade(closed)) throw',
      'if (code) throw',
    ),
  ),
  mutation(
    8,
    'an open waits for a browser that does not answer',
    DEADLINES,
    edit(
      `${IO}/answered.ts`,
      "return await withDeadline(promise, { operation: 'open', call, path })",
      "return await (call === 'entries' ? promise : withDeadline(promise, { operation: 'open', call, path }))",
    ),
  ),
  mutation(
    4,
    'a name that a power cut took after a clean close is nothing',
    MISSING,
    edit(
      `${IO}/load.ts`,
      'if (inode.born + SETTLING_MS > age) lost.push(path)',
      'if (!replayedClosed && inode.born + SETTLING_MS > age) lost.push(path)',
    ),
    edit(
      `${IO}/load.ts`,
      '{ tree, age, applied }: Replayed',
      '{ tree, age, applied, closed: replayedClosed }: Replayed',
    ),
  ),
  mutation(
    4,
    'a replacement that a power cut took back after a clean close is a change of other code',
    MISSING,
    edit(
      `${IO}/load.ts`,
      'return movedFrom.has(ino) || vacated.has(path)',
      'return !closed && (movedFrom.has(ino) || vacated.has(path))',
    ),
    edit(
      `${IO}/load.ts`,
      '{ movedFrom, vacated }: Replayed): boolean',
      '{ movedFrom, vacated, closed }: Replayed): boolean',
    ),
  ),
  mutation(
    4,
    'names settle by the system clock',
    MISSING,
    edit(`${IO}/sidecar.ts`, 'return this.#log.age\n', 'return Date.now()\n'),
  ),
  mutation(
    5,
    'a store whose log is gone opens empty',
    MISSING,
    edit(
      `${IO}/open-store.ts`,
      'return isJournalEmpty && listing.size === 0',
      'return listing.size === 0',
    ),
  ),
  mutation(
    5,
    'what is left in staging is nothing that a log should tell of',
    MISSING,
    edit(
      `${IO}/open-store.ts`,
      '(await listStaging(directories)).size === 0',
      '(await listStaging(directories)).size >= 0',
    ),
  ),
  mutation(
    6,
    'a line with a right checksum is taken for what a store has written',
    DAMAGE,
    edit(
      `${IO}/line-check.ts`,
      'if (value === undefined || check(value)) continue',
      'if (check) continue',
    ),
  ),
  mutation(
    6,
    'a tree that cannot be is taken from the log',
    DAMAGE,
    edit(`${IO}/sidecar.ts`, '  tree.check()\n', ''),
  ),
  mutation(
    8,
    'a close forgets that a flush that was put off has failed',
    RELAXED,
    edit(
      `${IO}/flush-order.ts`,
      "      throw (this.#failure = toVfsError(error, 'fsync'))",
      "      this.#flushLog = undefined\n      this.#deferred.clear()\n      throw toVfsError(error, 'fsync')",
    ),
    edit(`${IO}/open-file.ts`, '      this.#state.fail(error)\n', ''),
  ),
  mutation(
    5,
    'a file that an open has found unlinked is still to be made',
    REGRESSIONS,
    edit(
      `${IO}/sidecar.ts`,
      'if (line.at === undefined) applied.found(relocations)\n      else applied',
      'if (line.at !== undefined) applied',
    ),
  ),
  logged(
    'a batch logs other modes',
    inodesLoggedWith('mode: (fact.mode & ~0o777) | 0o444'),
    'modes, times and targets',
  ),
  logged('a batch logs no times', inodesLoggedWith('mtime: 0'), 'modes, times and targets'),
  logged('a batch logs no access times', inodesLoggedWith('atime: 0'), 'modes, times and targets'),
  logged(
    'a batch logs other targets of symlinks',
    inodesLoggedWith("target: fact.target && 'elsewhere'"),
    'modes, times and targets',
  ),
  logged('a batch logs no removals', factsLoggedWithout('remove'), 'files removed'),
  logged('a batch logs no new names', factsLoggedWithout('entry'), 'operations and syncs'),
  logged(
    'a batch does not log which inodes were given out',
    factsLoggedWithout('next'),
    'files removed',
  ),
]
