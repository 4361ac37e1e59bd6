// Files that a command writes. Used by cli.ts and run-browsers.ts.

import { renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'

/** By way of a second file, so that a reader or a kill never meets half a document. */
export function writeWhole(file: string, text: string): void {
  const draft = `${file}.part`
  writeFileSync(draft, text)
  renameSync(draft, file)
}

/** Said if it is not. Asked before anything runs, so that nothing is measured in vain. */
export function isInDirectory(option: string, file: string): boolean {
  const directory = dirname(resolve(file))
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true) return true
  console.error(`--${option}: ${directory} is not a directory.`)
  return false
}

/** As a user at this prompt would write it. */
export function shortest(file: string): string {
  const fromHere = relative(process.cwd(), file)
  return fromHere.startsWith('..') ? file : fromHere
}
