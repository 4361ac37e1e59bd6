// Ways to break rule 13 in core: what survives the death of the tab, and from when. Every backend relies on
// it, and core's own test over replayed stores notices.

import { edit, type Edit, type Mutation } from './mutation.ts'

const ENGINE = 'packages/vfs-core/src/engine'
const TEST = 'packages/vfs-core/test/engine/hand-down.test.ts'

const engine = (from: string, to: string): Edit => edit(`${ENGINE}/inode-fs.ts`, from, to)
const handDown = (from: string, to: string): Edit => edit(`${ENGINE}/hand-down.ts`, from, to)
const writeBack = (from: string, to: string): Edit => edit(`${ENGINE}/write-back.ts`, from, to)
const journal = (from: string, to: string): Edit => edit(`${ENGINE}/journal.ts`, from, to)
const table = (from: string, to: string): Edit => edit(`${ENGINE}/inode-table.ts`, from, to)

function mutation(what: string, ...edits: Edit[]): Mutation {
  return { rule: 13, what: `hand-down: ${what}`, edits, test: TEST }
}

export const HAND_DOWN: readonly Mutation[] = [
  mutation(
    'an unlink or rmdir does not commit',
    engine('if (this.#journal.isFresh(parent, name)) return remove()', 'return remove()'),
  ),
  mutation(
    'a change of names does not commit',
    handDown("      this.#parts.journal().commit('handed down')\n    } catch", '    } catch'),
  ),
  mutation(
    'the commit of a change of names does not wait for the other side',
    journal("if (until === 'handed down') this.#metadata.handDown?.()", ''),
  ),
  mutation(
    'content written before a change of names comes after it',
    handDown('    this.#parts.content.writeBack?.()\n    if (losing', '    if (losing'),
  ),
  mutation(
    'content written before a truncate to 0 comes after it',
    handDown('    this.#parts.content.writeBack?.()\n    if (journal', '    if (journal'),
  ),
  mutation('a truncate to 0 does not commit', engine('this.#handDown.now()', '')),
  mutation(
    'a truncate of an empty file commits',
    engine('size === 0 && inode.size > 0', 'size === 0'),
  ),
  mutation(
    'a file that no batch has named costs a commit to remove',
    engine('if (this.#journal.isFresh(parent, name)) return remove()', ''),
  ),
  mutation('a change that could not be handed down is not undone', handDown('      undo()\n', '')),
  mutation(
    'a file that loses its last name is dropped before that is handed down',
    handDown('if (losing !== undefined) losing.references++', ''),
    handDown('        losing.references--\n', ''),
  ),
  mutation(
    'a directory that is brought back has no link to itself',
    table('if (inode.nlink === 0) inode.nlink = 2', ''),
  ),
  mutation(
    'names of a batch that failed after the store had it are taken back by saying nothing',
    journal(
      'this.#entries.set(key, { fact, fresh: false })\n    for',
      'this.#entries.set(key, { fact, fresh: true })\n    for',
    ),
  ),
  mutation(
    'an fsync after a hand-down does not acknowledge',
    journal('      this.#unacknowledged.has(ino) ||\n', ''),
  ),
  mutation(
    'a commit with nothing new acknowledges nothing',
    journal('if (isEmpty(batch) && !isAcknowledged) return', 'if (isEmpty(batch)) return'),
  ),
  mutation(
    'a hand-down counts as acknowledged',
    journal('else for (const ino of batch.concerned) this.#unacknowledged.add(ino)', ''),
  ),
  mutation(
    'a sync after a hand-down does not acknowledge',
    journal('this.#inodes.size + this.#unacknowledged.size > 0', 'this.#inodes.size > 0'),
  ),
  mutation(
    'a sync that fails without blocking forgets what was handed down before it',
    journal('for (const ino of unacknowledged) this.#unacknowledged.add(ino)', ''),
  ),
  mutation(
    'an idle program hands nothing down',
    writeBack('if (this.#calls === this.#callsAtTick) this.#run()', 'if (false) this.#run()'),
  ),
  mutation(
    'a program that calls counts as idle',
    writeBack('if (this.#calls === this.#callsAtTick) this.#run()', 'if (true) this.#run()'),
  ),
  mutation(
    'a busy program never hands down',
    writeBack('if (performance.now() - this.#pendingSince >= AGE_MAX_MS) this.#run()', ''),
  ),
  mutation(
    'what could not be handed down is not tried again',
    writeBack('      this.#pendingSince ??= performance.now()\n', ''),
  ),
  mutation('a close leaves the timer', engine('    this.#handDown.stop()\n', '')),
  mutation(
    'a hand-down runs into a sync under way',
    handDown('if (this.#parts.isSyncing()) return this.#writeBack.changed()', ''),
  ),
  mutation(
    'an idle program hands down content only',
    handDown("if (journal.needsCommit()) journal.commit('handed down')", ''),
  ),
  mutation(
    'times alone are handed down',
    handDown(
      "if (journal.needsCommit()) journal.commit('handed down')",
      "journal.commit('handed down')",
    ),
  ),
  mutation('a first load holds nothing back', engine('      this.#handDown.beginLoading()\n', '')),
  mutation(
    'a first load holds changes of names back no longer than others',
    handDown(
      'if (!this.#isImmediate || this.#isLoading) return change()',
      'if (!this.#isImmediate) return change()',
    ),
  ),
  mutation(
    'a store that holds something is loaded as a new one',
    engine("if (this.#inodes.directory(ROOT_INO, 'atomicFirstLoad').entries.size === 0) {", '{'),
  ),
  mutation('a first load never ends', handDown('    this.#isLoading = false\n', '')),
  mutation(
    'an fsync does not end the first load',
    engine(
      "      throw this.#inodes.named(error, inode, 'fsync')\n    }\n    this.#handDown.endLoading()",
      "      throw this.#inodes.named(error, inode, 'fsync')\n    }",
    ),
  ),
  mutation(
    'a first load ends by housekeeping',
    engine(
      '    await this.#content.housekeeping()',
      '    this.#handDown.endLoading()\n    await this.#content.housekeeping()',
    ),
  ),
  mutation(
    'where only a sync commits, nothing goes down by itself',
    handDown('if (!this.#isLoading) await this.#parts.sync()', ''),
  ),
]
