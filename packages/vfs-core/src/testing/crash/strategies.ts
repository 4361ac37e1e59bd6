// How the tree of a backend may look after a crash, where backends differ. Everything that is promised of all
// of them (what was acknowledged is there, no byte was never written, order) stands in judge.ts.

import type { Ino } from '../../contract/index.ts'
import type { History, TreeEntry } from './history.ts'

/** What a power cut has done to names, as far as it is known. */
export interface NameLoss {
  readonly history: History
  /** Whether the open has reported a name as missing. */
  isMissing(entry: TreeEntry): boolean
}

export interface TreeStrategy {
  /** A line for each name, sorted: what is always that of one moment together. */
  describe(entries: readonly TreeEntry[]): string
  /**
   * Whether a file's size is that of the same moment as the names (and a truncate has taken bytes if, and only
   * if, the tree shows it), or any size that the file had since it was last acknowledged.
   */
  readonly sizes: 'with the names' | 'file by file'
  /** A sync of a relaxed store is put off as an fsync is. */
  readonly putsOffSyncs?: boolean
  /**
   * Only after a power cut, the last crash or one before, where names settle one by one: whether what is shown may
   * be what a cut has left of one moment.
   */
  mayBeLeftOf?(shown: readonly TreeEntry[], moment: readonly TreeEntry[], loss: NameLoss): boolean
}

const PERMISSIONS = 0o7777
const TARGET_SHOWN = 60

/** Path, inode, type, permissions, and of a symlink its target. */
export function nameLine({ path, ino, kind, mode, target }: TreeEntry): string {
  const to = target === undefined ? '' : ` -> ${shortened(target)}`
  return `${path} ${ino} ${kind} ${(mode & PERMISSIONS).toString(8)}${to}`
}

/** Trees are described often: of a long target, its beginning, its end and its length. */
function shortened(target: string): string {
  if (target.length <= TARGET_SHOWN) return target
  return `${target.slice(0, TARGET_SHOWN)}…${target.slice(-8)} (${target.length})`
}

/** As `nameLine`, with the size. */
export function treeLine(entry: TreeEntry): string {
  return `${nameLine(entry)} ${entry.kind === 'file' ? entry.size : 0}`
}

function described(entries: readonly TreeEntry[], line: (entry: TreeEntry) => string): string {
  return entries.map(line).sort().join('\n')
}

/** Which names are reported as missing, or lie below one that is: nothing or something else may be there. */
export function missingNames(paths: readonly string[]): (entry: TreeEntry) => boolean {
  if (paths.length === 0) return () => false
  const missing = new Set(paths)
  return ({ path }) => {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      if (missing.has(path.slice(0, end))) return true
    }
    return false
  }
}

/** As long as the power has never failed. */
export function withoutPowerCut(strategy: TreeStrategy): TreeStrategy {
  const unbroken = { ...strategy }
  delete unbroken.mayBeLeftOf
  return unbroken
}

/** All metadata is in one log: names, sizes, modes and targets are those of one moment. */
export const ONE_MOMENT: TreeStrategy = {
  describe: (entries) => described(entries, treeLine),
  sizes: 'with the names',
}

/**
 * Files carry their own names and sizes, and a log says what they are to be. Names, modes and targets are those of
 * one moment. After a power cut a name that had not settled may be missing, if the open has said so; and what
 * was removed or moved may be back under its old name, as a file that the store did not make.
 */
export const NAME_BY_NAME: TreeStrategy = {
  describe: (entries) => described(entries, nameLine),
  sizes: 'file by file',
  putsOffSyncs: true,
  mayBeLeftOf(shown, moment, { history, isMissing }) {
    const had = linesOf(moment)
    // A number that no inode has at that moment is given to what is found.
    const isBack = ({ path, ino }: TreeEntry): boolean => {
      if (had.inos.has(ino)) return false
      const own = path.replaceAll(/\.other-\d+(?=\/|$)/g, '')
      return history.hadPath(own) && !history.hadName(own, ino, moment)
    }
    const { lines } = linesOf(shown)
    let there = 0
    for (const [line, entry] of lines) {
      if (had.lines.has(line)) there++
      else if (!isMissing(entry) && !isBack(entry)) return false
    }
    if (there === had.lines.size) return true
    for (const [line, entry] of had.lines) if (!lines.has(line) && !isMissing(entry)) return false
    return true
  },
}

interface TreeLines {
  readonly lines: ReadonlyMap<string, TreeEntry>
  readonly inos: ReadonlySet<Ino>
}

// Each tree of a history is compared with what every crash of it has left.
const known = new WeakMap<readonly TreeEntry[], TreeLines>()

function linesOf(tree: readonly TreeEntry[]): TreeLines {
  let lines = known.get(tree)
  if (lines === undefined) {
    lines = {
      lines: new Map(tree.map((entry) => [nameLine(entry), entry])),
      inos: new Set(tree.map(({ ino }) => ino)),
    }
    known.set(tree, lines)
  }
  return lines
}
