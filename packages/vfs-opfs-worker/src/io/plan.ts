// From where things lie in OPFS and where the tree has them to the steps between. The names of OPFS change
// one at a time, so the steps are such that a crash between any two of them can be told from what is there:
// each move is done if and only if nothing is left at its source. So no source may be the place of something
// else: whatever lies where something is to come goes to staging first, and a mark in the log says when all
// of that is done.
//
// Directories are never moved (Chromium cannot), but made anew, and their files moved one by one.

import type { Ino } from '@wasm-vfs/core/backend'
import { stagingPath } from './layout.ts'
import { splitPath } from './names.ts'
import type { Relocation } from './tree.ts'

export interface Placed {
  readonly ino: Ino
  readonly path: string
}

export interface Move {
  readonly ino: Ino
  readonly from: string
  readonly to: string
}

export interface Plan {
  // In this order. Directories are made parents first.
  readonly makeDirectories: readonly string[]
  readonly evacuations: readonly Move[]
  readonly removals: readonly Placed[]
  readonly clearDirectories: readonly string[]
  readonly makeDirectoriesLater: readonly string[]
  readonly moves: readonly Move[]
  readonly removeDirectories: readonly string[]
}

export interface PlanOptions {
  /** The file's content is in staging already. */
  readonly isStaged: (ino: Ino) => boolean
  /** What has lost its name stays in staging while it is open; after a crash nobody has it open. */
  readonly keepOrphans: boolean
}

export function hasSteps(plan: Plan): boolean {
  return (
    plan.makeDirectories.length > 0 ||
    plan.evacuations.length > 0 ||
    plan.removals.length > 0 ||
    plan.makeDirectoriesLater.length > 0 ||
    plan.moves.length > 0 ||
    plan.removeDirectories.length > 0 ||
    plan.clearDirectories.length > 0
  )
}

/** Every path that a step makes, empties or fills. */
export function pathsOf(plan: Plan): string[] {
  const { makeDirectories, makeDirectoriesLater, clearDirectories, removeDirectories } = plan
  const moves = [...plan.evacuations, ...plan.moves]
  return [
    ...makeDirectories,
    ...makeDirectoriesLater,
    ...clearDirectories,
    ...removeDirectories,
    ...plan.removals.map(({ path }) => path),
    ...moves.flatMap(({ from, to }) => [from, to]),
  ]
}

/** Without the mark that all evacuations are done, a crash could not be told from a finished move. */
export function needsMark(plan: Plan): boolean {
  return plan.evacuations.length > 0 && plan.moves.length > 0
}

export function planSteps(relocations: readonly Relocation[], options: PlanOptions): Plan {
  const files = relocations.filter(({ kind }) => kind === 'file')
  const directories = planDirectories(relocations, files)
  const { arriving, inWay } = directories
  const evacuations: Move[] = []
  const removals: Placed[] = []
  const moves: Move[] = []
  for (const { ino, from, to, dropped } of files) {
    const staging = stagingPath(ino)
    if (from === undefined) {
      if (to === undefined) {
        if (dropped && options.isStaged(ino)) removals.push({ ino, path: staging })
        continue
      }
      moves.push({ ino, from: staging, to })
      continue
    }
    if (dropped || (to === undefined && !options.keepOrphans)) {
      // A file that comes to this place replaces it in one step.
      if (!arriving.has(from)) removals.push({ ino, path: from })
      continue
    }
    const evacuate =
      to === undefined || arriving.has(from) || directories.after.has(from) || isBelow(from, inWay)
    if (evacuate) evacuations.push({ ino, from, to: staging })
    if (to !== undefined) moves.push({ ino, from: evacuate ? staging : from, to })
  }
  const { makeDirectories, makeDirectoriesLater, clearDirectories, removeDirectories } = directories
  return {
    makeDirectories,
    evacuations,
    removals,
    clearDirectories,
    makeDirectoriesLater,
    moves,
    removeDirectories,
  }
}

interface DirectoryPlan extends Pick<
  Plan,
  'makeDirectories' | 'makeDirectoriesLater' | 'clearDirectories' | 'removeDirectories'
> {
  readonly after: ReadonlySet<string>
  /** Places that files come to. */
  readonly arriving: ReadonlySet<string>
  /** Directories that a file takes the place of. */
  readonly inWay: ReadonlySet<string>
}

function planDirectories(
  relocations: readonly Relocation[],
  files: readonly Relocation[],
): DirectoryPlan {
  const directories = relocations.filter(({ kind }) => kind === 'directory')
  const before = new Set(directories.flatMap(({ from }) => from ?? []))
  const after = new Set(directories.flatMap(({ to }) => to ?? []))
  const arriving = new Set(files.flatMap(({ to }) => to ?? []))
  const leaving = new Set(files.flatMap(({ from }) => from ?? []))
  // A directory that another one takes the place of stays as it is.
  const made = parentsFirst([...after].filter((path) => !before.has(path)))
  const removed = parentsFirst([...before].filter((path) => !after.has(path))).toReversed()
  const late = new Set<string>()
  for (const path of made) {
    if (leaving.has(path) || late.has(splitPath(path).directory)) late.add(path)
  }
  const inWay = new Set(removed.filter((path) => arriving.has(path)))
  const clear = removed.filter((path) => inWay.has(path) || isBelow(path, inWay))
  return {
    after,
    arriving,
    inWay,
    makeDirectories: made.filter((path) => !late.has(path)),
    makeDirectoriesLater: made.filter((path) => late.has(path)),
    clearDirectories: clear,
    removeDirectories: removed.filter((path) => !clear.includes(path)),
  }
}

/** A parent's path is a part of its child's, so it is shorter. */
function parentsFirst(paths: readonly string[]): string[] {
  return [...paths].sort((a, b) => a.length - b.length)
}

function isBelow(path: string, directories: ReadonlySet<string>): boolean {
  if (directories.size === 0) return false
  for (
    let { directory } = splitPath(path);
    directory !== '';
    { directory } = splitPath(directory)
  ) {
    if (directories.has(directory)) return true
  }
  return false
}
