// How much memory the processes of a browser take, from /proc: Linux only. Used by ../session.ts around
// the lives whose workloads ask for it (workloads/footprint.ts).

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

const KIB_PER_MIB = 1_024
/** Makes the kernel forget a process's largest resident size: proc(5), clear_refs. */
const RESET_PEAK = '5'

export interface MemoryGrowth {
  readonly heldMiB: number
  /** The sum of each process's largest size, which they need not have had at the same time. */
  readonly peakMiB: number
}

/** Resident memory of all that a process has started, and what it grows by. */
export class ProcessMemory {
  readonly #root: number
  readonly #beforeMiB: number

  private constructor(root: number, beforeMiB: number) {
    this.#root = root
    this.#beforeMiB = beforeMiB
  }

  /** From now on; undefined where there is no /proc, or the peaks cannot be reset. */
  static start(root: number): ProcessMemory | undefined {
    if (process.platform !== 'linux') return undefined
    try {
      for (const pid of descendants(root)) writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK)
      return new ProcessMemory(root, totalMiB(root, 'VmRSS'))
    } catch {
      return undefined
    }
  }

  growth(): MemoryGrowth {
    return {
      heldMiB: totalMiB(this.#root, 'VmRSS') - this.#beforeMiB,
      peakMiB: totalMiB(this.#root, 'VmHWM') - this.#beforeMiB,
    }
  }
}

function totalMiB(root: number, field: 'VmRSS' | 'VmHWM'): number {
  const pattern = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm')
  const kib = descendants(root).map((pid) => Number(pattern.exec(statusOf(pid))?.[1] ?? 0))
  return kib.reduce((sum, each) => sum + each, 0) / KIB_PER_MIB
}

function descendants(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const parent = Number(/^PPid:\s+(\d+)/m.exec(statusOf(Number(entry)))?.[1] ?? 0)
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)])
  }
  const found: number[] = []
  for (let generation = children.get(root) ?? []; generation.length > 0;) {
    found.push(...generation)
    generation = generation.flatMap((pid) => children.get(pid) ?? [])
  }
  return found
}

/** Empty for a process that has just ended. */
function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}
