// The conformance suite's table of contents: one requirement per file, in reading order.

import type { Requirement } from '../case.ts'
import { attributes } from './attributes.ts'
import { buffers } from './buffers.ts'
import { capabilities } from './capabilities.ts'
import { close } from './close.ts'
import { counters } from './counters.ts'
import { create } from './create.ts'
import { directories } from './directories.ts'
import { errors } from './errors.ts'
import { fsync } from './fsync.ts'
import { hardLinks } from './hard-links.ts'
import { holes } from './holes.ts'
import { largeFiles } from './large-files.ts'
import { lookup } from './lookup.ts'
import { namesAndLimits } from './names-and-limits.ts'
import { ownership } from './ownership.ts'
import { pathWalk } from './path-walk.ts'
import { persistence } from './persistence.ts'
import { readWrite } from './read-write.ts'
import { readdir } from './readdir.ts'
import { renameDirectories } from './rename-directories.ts'
import { renameFiles } from './rename-files.ts'
import { sharedBuffers } from './shared-buffers.ts'
import { statfs } from './statfs.ts'
import { symlinks } from './symlinks.ts'
import { sync } from './sync.ts'
import { times } from './times.ts'
import { truncate } from './truncate.ts'
import { unlinkWhileOpen } from './unlink-while-open.ts'

export const requirements: readonly Requirement[] = [
  // What a backend says of itself.
  capabilities,
  counters,
  statfs,
  errors,
  // Names.
  lookup,
  namesAndLimits,
  pathWalk,
  create,
  directories,
  readdir,
  symlinks,
  hardLinks,
  renameFiles,
  renameDirectories,
  unlinkWhileOpen,
  // Inodes and their content.
  attributes,
  times,
  readWrite,
  buffers,
  sharedBuffers,
  holes,
  truncate,
  largeFiles,
  // Lasting.
  fsync,
  sync,
  close,
  persistence,
  ownership,
]
