// What POSIX refuses, asked of the model: every condition that an operation does not meet gives a code, and a
// store may answer with any of them. A store that refuses what is none of these has failed, and so has one that
// carries out what is one of them.

import { NAME_MAX } from '../../contract/index.ts'
import type { Entry } from './history.ts'
import type { Operation } from './operations.ts'

/** Where a path leads: to an entry, to a name that is free in a directory, or nowhere. */
type Place =
  | { readonly code: string }
  | { readonly parent: Entry; readonly name: string; readonly entry: Entry | undefined }

/** The codes with which POSIX refuses an operation; empty if it has to succeed. */
export function refusalsOf(
  operation: Operation,
  hardLinks: boolean,
  root: Entry,
): ReadonlySet<string> {
  const codes = new Set<string>()
  const [kind] = operation
  switch (kind) {
    case 'create':
    case 'mkdir':
    case 'symlink':
      addMaking(codes, placeOf(root, operation[1]))
      break
    case 'write':
    case 'zeros':
    case 'append':
    case 'truncate':
    case 'read': {
      const entry = addFinding(codes, placeOf(root, operation[1]))
      if (entry?.kind === 'directory') codes.add('EISDIR')
      break
    }
    case 'chmod':
    case 'utimes':
    case 'hold':
    case 'fsync':
      addFinding(codes, placeOf(root, operation[1]))
      break
    case 'link': {
      const entry = addFinding(codes, placeOf(root, operation[1]))
      if (!hardLinks || entry?.kind === 'directory') codes.add('EPERM')
      addMaking(codes, placeOf(root, operation[2]))
      break
    }
    case 'unlink':
    case 'rmdir': {
      const entry = addTaking(codes, placeOf(root, operation[1]))
      if (entry === undefined) break
      if (kind === 'unlink') {
        if (entry.kind === 'directory') codes.add('EISDIR')
      } else if (entry.kind !== 'directory') codes.add('ENOTDIR')
      else if (entry.entries.size > 0) codes.add('ENOTEMPTY')
      break
    }
    case 'rename':
      addRenaming(codes, placeOf(root, operation[1]), placeOf(root, operation[2]))
      break
    default:
  }
  return codes
}

function placeOf(root: Entry, path: string): Place {
  const parts = path.split('/').filter((part) => part !== '')
  const name = parts.pop()
  if (name === undefined) return { parent: root, name: '.', entry: root }
  let parent = root
  for (const part of parts) {
    const next = parent.entries.get(part)
    if (parent.kind !== 'directory') return { code: 'ENOTDIR' }
    if (next === undefined) return { code: 'ENOENT' }
    if (next.kind === 'symlink') return { code: danglingCode(next) }
    parent = next
  }
  if (parent.kind !== 'directory') return { code: 'ENOTDIR' }
  return { parent, name, entry: parent.entries.get(name) }
}

/** Symlinks of workloads lead to one name that does not exist, and may be too long. */
function danglingCode({ target = '' }: Entry): string {
  return target.length > NAME_MAX ? 'ENAMETOOLONG' : 'ENOENT'
}

/** The last component is followed if it is a symlink. */
function addFinding(codes: Set<string>, place: Place): Entry | undefined {
  const entry = addTaking(codes, place)
  if (entry?.kind !== 'symlink') return entry
  codes.add(danglingCode(entry))
  return undefined
}

function addTaking(codes: Set<string>, place: Place): Entry | undefined {
  if ('code' in place) codes.add(place.code)
  else if (place.entry === undefined) codes.add('ENOENT')
  else return place.entry
  return undefined
}

function addMaking(codes: Set<string>, place: Place): void {
  if ('code' in place) codes.add(place.code)
  else if (place.entry !== undefined) codes.add('EEXIST')
}

function addRenaming(codes: Set<string>, from: Place, to: Place): void {
  const entry = addTaking(codes, from)
  if ('code' in to) {
    codes.add(to.code)
    return
  }
  if (entry === undefined || entry === to.entry) return
  if (entry.kind === 'directory' && isWithin(to.parent, entry)) codes.add('EINVAL')
  const replaced = to.entry
  if (replaced === undefined) return
  if (entry.kind !== 'directory') {
    if (replaced.kind === 'directory') codes.add('EISDIR')
  } else if (replaced.kind !== 'directory') codes.add('ENOTDIR')
  else if (replaced.entries.size > 0) codes.add('ENOTEMPTY')
}

function isWithin(entry: Entry, directory: Entry): boolean {
  if (entry === directory) return true
  return [...directory.entries.values()].some(
    (child) => child.kind === 'directory' && isWithin(entry, child),
  )
}
