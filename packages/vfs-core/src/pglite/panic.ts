// Postgres stopping itself. When it cannot be sure of its WAL (a failed fsync, no space for a segment)
// it PANICs by design: abort(), and recovery at the next start. PGlite catches what abort() throws and
// enters the dead module again, for ever and without leaving the synchronous call. So from the moment
// of the abort every way into the module throws, which ends that loop and rejects the query.

import { VfsError } from '../contract/index.ts'

/** The parts of PGlite's Emscripten module that are needed here. */
export interface StoppableModule {
  onAbort?: ((reason: unknown) => void) | undefined
}

/** What PGlite calls besides the exports of the program, whose names start with an underscore. */
const STACK_CALLS: readonly string[] = ['stackSave', 'stackRestore', 'stackAlloc']

/** `lastFailure` is the file system's newest error, which in most cases is why Postgres stopped. */
export function refuseEntryAfterAbort(
  module: StoppableModule,
  lastFailure: () => VfsError | undefined,
): void {
  const previous = module.onAbort
  module.onAbort = (reason) => {
    const failure = lastFailure()
    const error = new VfsError('EIO', 'postgres', {
      detail:
        'Postgres has stopped itself' +
        (failure === undefined ? '' : ` after ${failure.message}`) +
        '; close this PGlite and open the store again, which recovers everything committed',
      cause: failure ?? reason,
    })
    const refuse = (): never => {
      throw error
    }
    const members = module as Record<string, unknown>
    for (const [name, member] of Object.entries(members)) {
      const isEntry = name.startsWith('_') || STACK_CALLS.includes(name)
      if (isEntry && typeof member === 'function') members[name] = refuse
    }
    previous?.(reason)
  }
}
