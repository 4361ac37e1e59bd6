// Turns what a workload or probe threw into what its cell says. Called by the page and its workers.

import type { CellError } from '../schema.ts'
import { Unavailable, WrongResult } from '../workloads/workload.ts'

const MESSAGE_LENGTH_MAX = 300

export function cellError(error: unknown): CellError {
  if (error instanceof WrongResult) return { kind: 'wrong-result', message: error.message }
  if (error instanceof Unavailable) return { kind: 'unavailable', message: error.message }
  return { kind: 'failed', message: describe(error) }
}

/** One line, with the causes behind it. */
export function describe(error: unknown): string {
  const chain: string[] = []
  for (let at = error; at !== undefined; at = at instanceof Error ? at.cause : undefined) {
    chain.push(at instanceof Error ? `${at.name}: ${at.message}` : plain(at))
  }
  const line = chain.join(', because of ').replaceAll(/\s+/g, ' ').trim()
  return line.length > MESSAGE_LENGTH_MAX ? `${line.slice(0, MESSAGE_LENGTH_MAX)}…` : line
}

/** Emscripten's ErrnoError is a plain object, and other things can be thrown too. */
function plain(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'errno' in value) {
    return `errno ${String(value.errno)}`
  }
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? typeof value)
}
