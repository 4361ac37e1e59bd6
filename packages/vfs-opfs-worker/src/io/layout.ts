// What a store looks like in OPFS. Everything here is part of the format.
//
//   <name>/…                      the program's files and directories, under their own names
//   <name>/.wasm-vfs/log-a.jsonl  what OPFS cannot hold, as a log; one of the two slots is in use
//   <name>/.wasm-vfs/log-b.jsonl
//   <name>/.wasm-vfs/journal      content of small files on its way to them
//   <name>/.wasm-vfs/staging/57   content of inode 57 on its way to its name, or without one
//   <name>/.wasm-vfs/ballast      occupies the space that has been promised to the program

import type { Ino } from '@wasm-vfs/core/backend'

export const LOG_FORMAT = { format: 'wasm-vfs/opfs-worker', version: 1 } as const

/** Never the name of a program's file; see names.ts. */
export const RESERVED_NAME = '.wasm-vfs'
export const STAGING_DIRECTORY = 'staging'

// From the store's directory.
export const LOG_PATHS: readonly [string, string] = [
  `${RESERVED_NAME}/log-a.jsonl`,
  `${RESERVED_NAME}/log-b.jsonl`,
]
export const STAGING_PATH: string = `${RESERVED_NAME}/${STAGING_DIRECTORY}`
export const JOURNAL_PATH: string = `${RESERVED_NAME}/journal`
export const BALLAST_PATH: string = `${RESERVED_NAME}/ballast`

/**
 * How long the operating system takes at most to write back a name that nobody asked it to, in
 * milliseconds: Chromium keeps names in a database that it writes without a flush, and Linux writes
 * such data back after 30 seconds.
 */
export const SETTLING_MS = 60_000

/** Handles that a store never lets go of: two of the log, one of the journal. */
export const OWN_HANDLES = 3
/** With fewer there would be none for the program's files. */
export const HANDLES_MIN: number = OWN_HANDLES + 1

export function stagingPath(ino: Ino): string {
  return `${STAGING_PATH}/${ino}`
}
