// Paths in the tree of inodes, upwards: for error messages, and for what a rename must not do.

import type { Inode } from './inode.ts'

/** The path of a directory, or of `name` in it. */
export function pathOf(directory: Inode, name?: string): string {
  let path = name === undefined ? '' : `/${name}`
  let at = directory
  while (at.parent !== undefined && at.parent !== at) {
    path = `/${at.name}${path}`
    at = at.parent
  }
  return path
}

/** `directory` is `ancestor` or lies below it. */
export function isWithin(directory: Inode, ancestor: Inode): boolean {
  let at = directory
  for (;;) {
    if (at === ancestor) return true
    if (at.parent === undefined || at.parent === at) return false
    at = at.parent
  }
}
