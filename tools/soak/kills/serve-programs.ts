// The worker in which a program changes its files until it is killed. Backends differ in how a store is
// opened; each has a file `<backend>.programs.worker.ts` beside this one that calls `servePrograms`.

import { mount } from '../../../packages/vfs-core/src/emscripten/index.ts'
import type { Vfs } from '../../../packages/vfs-core/src/index.ts'
import { serveTasks } from '../../../packages/vfs-core/src/testing/rpc.ts'
import {
  controlThread,
  makeControl,
  PhaseWalk,
  probeStorage,
  type Aim,
  type SessionControl,
} from './phases.ts'
import {
  makeProgram,
  MOUNT,
  type Program,
  type ProgramName,
  type SqliteModule,
} from './programs.ts'
import type { StoreSettings } from './worker.ts'

export interface OpenProgramRequest {
  readonly name: string
  readonly durability: 'strict' | 'relaxed'
  readonly program: ProgramName
  /** The oracle's address for this store. */
  readonly oracle: string
}

export interface RunProgramRequest {
  readonly oracle: string
  /** Changes that have been made before. */
  readonly count: number
  readonly aim: Aim | undefined
}

export type OpenProgramStore = (
  name: string,
  settings: StoreSettings,
  control: SessionControl,
) => Promise<Vfs>

const LOCK_WAIT_MS = 60_000

/** Written beside the page by site.ts. */
async function loadSqlite(): Promise<SqliteModule> {
  const script = new URL('./sqlite.js', import.meta.url).href
  const { default: init } = (await import(script)) as {
    default: (options: object) => Promise<SqliteModule>
  }
  return init({ locateFile: (file: string) => new URL(`./${file}`, import.meta.url).href })
}

export function servePrograms(openStore: OpenProgramStore): void {
  let program: Program | undefined
  let vfs: Vfs | undefined
  let control: SessionControl | undefined
  probeStorage()

  serveTasks({
    async open({ name, durability, program: which, oracle }: OpenProgramRequest) {
      control = makeControl(oracle)
      controlThread(control)
      const module = await loadSqlite()
      const wait = AbortSignal.timeout(LOCK_WAIT_MS)
      vfs = await openStore(name, { durability, wait }, control)
      mount(module.FS, vfs, MOUNT)
      program = makeProgram(which, module)
    },

    inspect: () => program!.shown(),

    /** Returns at once; goes on until the worker dies, or tells the oracle why it stopped. */
    run({ oracle, count, aim }: RunProgramRequest): void {
      void commitForever(program!, oracle, count, new PhaseWalk(control!, aim)).catch(
        async (error: unknown) => {
          await fetch(`${oracle}&error=${encodeURIComponent(String(error))}`, { method: 'POST' })
        },
      )
    },

    async close() {
      program?.close()
      await vfs?.close()
    },
  })
}

async function commitForever(
  program: Program,
  oracle: string,
  count: number,
  walk: PhaseWalk,
): Promise<never> {
  for (let n = count + 1; ; n++) {
    walk.enter('before')
    walk.enter('inside')
    await program.commit(n)
    walk.enter('returned')
    const answer = await fetch(`${oracle}&number=${n}`, { method: 'POST' })
    if (!answer.ok) throw new Error(`the oracle says: ${await answer.text()}`)
    walk.enter('acknowledged')
  }
}
