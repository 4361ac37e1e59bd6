// Where a session is when it is ended. The worker publishes its phase; at the place that it is aimed at it
// tells the oracle, which is outside the browser, and waits there for its end. So the end comes at a known
// place: most often between two calls into storage inside the call under test. Imported by the workers of
// programs, by I/O workers, and, for the types, by the driver.

/** `running`: not aimed at; the end came at any moment. */
export const PHASES = ['before', 'inside', 'returned', 'acknowledged', 'running'] as const
export type Phase = (typeof PHASES)[number]

/** Where a session is to wait for its end. */
export interface Aim {
  readonly phase: Exclude<Phase, 'running'>
  /** Commits that come first. */
  readonly commits: number
  /** Inside: calls into storage that come first, from that commit on. */
  readonly calls: number
}

/** Shared by the threads of one session. */
export interface SessionControl {
  readonly cells: Int32Array
  /** Where the place is told, with `&phase=…&call=…` to be added. */
  readonly oracle: string
}

const PHASE = 0
const CALLS_LEFT = 1
/** Never notified: who waits there waits for its end. */
const END = 2
const INSIDE = PHASES.indexOf('inside')
const END_DEADLINE_MS = 120_000

export function makeControl(oracle: string): SessionControl {
  return { cells: new Int32Array(new SharedArrayBuffer(16)), oracle }
}

let control: SessionControl | undefined

/** The session that the probes of this thread belong to. */
export function controlThread(session: SessionControl): void {
  control = session
}

/** The program's side: goes through its phases and waits at the one that is aimed at. */
export class PhaseWalk {
  readonly #control: SessionControl
  readonly #aim: Aim | undefined
  #commits = 0

  constructor(session: SessionControl, aim: Aim | undefined) {
    this.#control = session
    this.#aim = aim
  }

  enter(phase: Exclude<Phase, 'running'>): void {
    const { cells } = this.#control
    if (phase === 'before') this.#commits++
    Atomics.store(cells, PHASE, PHASES.indexOf(phase))
    const aim = this.#aim
    if (aim?.phase !== phase || this.#commits <= aim.commits) return
    if (phase !== 'inside') waitForEnd(this.#control, phase, '')
    else if (this.#commits === aim.commits + 1) Atomics.store(cells, CALLS_LEFT, aim.calls + 1)
  }
}

/** Before a call into storage. */
export function probe(call: string): void {
  if (control === undefined) return
  const { cells } = control
  if (Atomics.load(cells, PHASE) !== INSIDE || Atomics.load(cells, CALLS_LEFT) <= 0) return
  if (Atomics.sub(cells, CALLS_LEFT, 1) === 1) waitForEnd(control, 'inside', call)
}

function waitForEnd({ cells, oracle }: SessionControl, phase: Phase, call: string): void {
  const request = new XMLHttpRequest()
  request.open('POST', `${oracle}&phase=${phase}&call=${encodeURIComponent(call)}`, false)
  request.send()
  if (Atomics.wait(cells, END, 0, END_DEADLINE_MS) === 'timed-out') {
    throw new Error(`the end that was to come (${phase} ${call}) does not come`)
  }
}

/** The calls of a Vfs that change something, for a store whose calls into storage are out of reach. */
export const CHANGES = ['create', 'write', 'truncate', 'setattr', 'rename', 'unlink', 'fsync']

/** From now on `object[name]` is a call into storage. */
export function probeMethods(object: object | undefined, names: readonly string[]): void {
  for (const name of names) {
    const methods = object as Record<string, ((...values: unknown[]) => unknown) | undefined>
    const method = methods?.[name]
    if (method === undefined) continue
    methods[name] = function (this: unknown, ...values: unknown[]): unknown {
      probe(name)
      return method.apply(this, values)
    }
  }
}

/** Each call of this thread that changes what a browser stores. */
export function probeStorage(): void {
  const scope = globalThis as unknown as Record<string, { prototype: object } | undefined>
  const handle = scope['FileSystemSyncAccessHandle']?.prototype
  probeMethods(handle, ['write', 'truncate', 'flush'])
  probeMethods(scope['IDBObjectStore']?.prototype, ['put', 'add', 'delete', 'clear'])
}
